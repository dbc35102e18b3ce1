import Foundation
import Media
import Tensor

/// The files of one round trip.
struct RoundTripFiles {
  let original: String
  let reconstruction: String
  let figures: String

  init(_ name: String, in folder: String, isPicture: Bool) {
    let suffix = isPicture ? "png" : "mp4"
    original = "\(folder)/orig/\(name)_orig.\(suffix)"
    reconstruction = "\(folder)/recn/\(name)_recn.\(suffix)"
    figures = "\(folder)/figures/\(name).json"
  }

  var all: [String] { [original, reconstruction, figures] }
}

/// What is kept of a round trip beside its clips.
struct RoundTripRecord: Codable {
  var recipe: String?
  var result: RoundTripResult

  static func read(_ path: String) -> RoundTripRecord? {
    FileManager.default.contents(atPath: path).flatMap {
      try? JSONDecoder().decode(RoundTripRecord.self, from: $0)
    }
  }
}

/// Writes both clips of a round trip and feeds the observer.
///
/// Not thread-safe: one thread at a time.
final class RoundTripRecorder {
  /// Sources come as they are read, so that they are coded while the model computes.
  enum Event: Sendable {
    case source(RGBFrame)
    case sourcesEnd(recipe: String?)
    case latents(mean: Tensor, logvar: Tensor?)
    case pair(source: RGBFrame, reconstruction: RGBFrame)
    case end(recipe: String?)
  }

  struct Clip: Sendable {
    var width: Int
    var height: Int
    var frameRate: Rational
    var sound: AudioSource?
  }

  /// What the observer found; empty until the end.
  private(set) var figures = Data()
  private let files: RoundTripFiles
  private let input: String
  private let options: RoundTripOptions
  private let session: Session
  private var writers: (original: ClipWriter, reconstruction: ClipWriter)?
  private var observer: (any RoundTripObserver)?

  init(
    _ files: RoundTripFiles, of input: String, options: RoundTripOptions, session: Session
  ) {
    self.files = files
    self.input = input
    self.options = options
    self.session = session
  }

  private var replacing: Bool { options.existing != .refuse }

  /// Lines for people; complete after the end.
  var warnings: [String] { writers?.original.warnings ?? [] }

  /// - Returns: the number of frames so far.
  func take(
    _ event: Event, clip: Clip, observer make: () throws -> any RoundTripObserver
  ) throws -> Int {
    let observer = try self.observer ?? make()
    self.observer = observer
    let writers = try self.writers ?? open(clip)
    self.writers = writers
    switch event {
    case .latents(let mean, let logvar):
      try observer.observe(mean: mean, logvar: logvar)
    case .source(let frame):
      try writers.original.write(frame)
    case .sourcesEnd(let recipe):
      try writers.original.finish(recipe: recipe)
    case .pair(let source, let reconstruction):
      try writers.reconstruction.write(reconstruction)
      try observer.compare(source: source, reconstruction: reconstruction)
    case .end(let recipe):
      try writers.reconstruction.finish(recipe: recipe)
      figures = try observer.finish(
        WrittenRoundTrip(
          original: writers.original.temporaryPath,
          reconstruction: writers.reconstruction.temporaryPath, input: input,
          reader: options.reader, session: session))
    }
    return writers.reconstruction.frames
  }

  /// Gives all files their final names, once all are written; the figures come last and say that
  /// the clips are there.
  func commit(_ result: RoundTripResult, recipe: String?) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    let data = try encoder.encode(RoundTripRecord(recipe: recipe, result: result))
    let record = try AtomicFile(files.figures, replacing: replacing, in: session.temporaries)
    try data.withUnsafeBytes { try record.file.write($0, at: 0) }
    _ = try writers?.original.commit()
    _ = try writers?.reconstruction.commit()
    try record.commit()
  }

  private func open(_ clip: Clip) throws -> (ClipWriter, ClipWriter) {
    var writing = WriterOptions()
    writing.crf = options.crf
    writing.audio = clip.sound
    func writer(_ path: String) throws -> ClipWriter {
      // Clips of this recipe without their figures are what an interrupted run left: they are made
      // again.
      try ClipWriter(
        path, width: clip.width, height: clip.height, frameCount: nil, frameRate: clip.frameRate,
        options: writing, replacing: replacing, session: session)
    }
    return (try writer(files.original), try writer(files.reconstruction))
  }
}
