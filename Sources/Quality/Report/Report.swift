import Foundation

/// What one or more models made of one or more clips: every figure, ready to be written as JSON,
/// CSV, and a page for people.
public struct Report: Codable, Sendable {
  /// A name and its value, for people.
  public struct Fact: Codable, Hashable, Sendable {
    public var name: String
    public var value: String

    public init(_ name: String, _ value: String) {
      self.name = name
      self.value = value
    }
  }

  /// A model under test.
  public struct Model: Codable, Hashable, Sendable {
    /// Distinct among the report's models.
    public var name: String
    /// Family, size, precision and the like.
    public var facts: [Fact]

    public init(name: String, facts: [Fact] = []) {
      self.name = name
      self.facts = facts
    }
  }

  /// A source clip as the models saw it.
  public struct Clip: Codable, Hashable, Sendable {
    /// Distinct among the report's clips.
    public var name: String
    public var frames: Int
    public var width: Int
    public var height: Int
    /// Frames a second as an exact fraction such as "24000/1001".
    public var frameRate: String
    /// Frames a second.
    public var framesPerSecond: Double
    /// Path of the clip's video from the report's folder, where there is one.
    public var video: String?

    public init(
      name: String, frames: Int, width: Int, height: Int, frameRate: String,
      framesPerSecond: Double, video: String? = nil
    ) {
      self.name = name
      self.frames = frames
      self.width = width
      self.height = height
      self.frameRate = frameRate
      self.framesPerSecond = framesPerSecond
      self.video = video
    }
  }

  /// The figures of all clips of a model, as if they were one long clip.
  public struct Total: Codable, Hashable, Sendable {
    public var model: String
    public var figures: ClipFigures
    public var afterH264: ClipFigures?
  }

  /// Name and version of the program.
  public let program: String
  public let models: [Model]
  public let clips: [Clip]
  /// At most one for each model and clip.
  public let runs: [Run]
  /// One for each model that has runs.
  public let totals: [Total]
  /// What the quality gate objects to, one line each.
  public let failures: [String]
  /// Remarks, one line each, such as why a figure is missing.
  public let notes: [String]

  /// A report on `runs`; its totals are worked out from them.
  public init(
    program: String, models: [Model], clips: [Clip], runs: [Run], failures: [String] = [],
    notes: [String] = []
  ) {
    self.program = program
    self.models = models
    self.clips = clips
    self.runs = runs
    self.failures = failures
    self.notes = notes
    totals = models.compactMap { model in
      let ofModel = runs.filter { $0.model == model.name }
      let afterH264 = ofModel.compactMap(\.afterH264)
      return ClipFigures(pooling: ofModel.map(\.figures)).map {
        Total(
          model: model.name, figures: $0,
          afterH264: afterH264.count == ofModel.count ? ClipFigures(pooling: afterH264) : nil)
      }
    }
  }

  /// Reads what ``json()`` wrote.
  public init(json: Data) throws {
    self = try JSONDecoder().decode(Report.self, from: json)
  }

  /// Every figure, as one JSON object.
  public func json() throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return try encoder.encode(self) + Data("\n".utf8)
  }

  /// The report's files, `report.json`, `report.csv` and `report.html`, by name.
  public func files() throws -> [(name: String, contents: Data)] {
    [
      ("report.json", try json()),
      ("report.csv", Data(csv().utf8)),
      ("report.html", Data(html().utf8)),
    ]
  }

  /// The run of a model on a clip.
  func run(_ model: Model, _ clip: Clip) -> Run? {
    runs.first { $0.model == model.name && $0.clip == clip.name }
  }
}
