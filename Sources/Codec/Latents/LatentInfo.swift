import Checkpoint
import Media
import Models
import Tensor

/// What a latent file says about itself: its string metadata, spelled in ``Key``.
public struct LatentInfo: Hashable, Sendable {
  /// The metadata keys of a latent file. All values are strings.
  public enum Key: String, CaseIterable, Sendable {
    /// Always "vaecodec.latents".
    case format
    /// "1"; a reader refuses a higher one.
    case formatVersion = "format_version"
    /// "hunyuan_vae", "autoencoder_2d" or "dc_ae".
    case modelFamily = "model_family"
    /// "tiny", or the checkpoint's file name.
    case modelName = "model_name"
    /// SHA-256 of the checkpoint, of its shards in index order, in hexadecimal.
    case modelSHA256 = "model_sha256"
    /// "true": scaled for a diffusion model; "false": as the encoder returned them.
    case scaled
    /// The factors that the scaling uses; dc_ae divides by its factor, the others multiply.
    case scaleFactor = "scale_factor"
    case shiftFactor = "shift_factor"
    /// "mode", "sample" or "moments".
    case posterior
    /// The sample's seed; absent otherwise.
    case seed
    /// Exact frame rate, "24000/1001".
    case fps
    /// Where in the source the clip begins, in seconds on the source's clock, a fraction.
    case startTime = "start_time"
    /// Chroma layout of the source, "420 mpeg2 8 limited", for writing YUV again; absent where the
    /// source is none.
    case layout
    /// Size of the clip; what decoding crops to.
    case frames
    case width
    case height
    /// Size the clip was padded to, at its end, right and bottom, by repetition.
    case paddedFrames = "padded_frames"
    case paddedWidth = "padded_width"
    case paddedHeight = "padded_height"
    /// Tile geometry that was used: pixels, frames, overlap; "off" where an axis was not cut.
    case tileSize = "tile_size"
    case tileFrames = "tile_frames"
    case tileOverlap = "tile_overlap"
    /// "vaecodec 0.1.0".
    case program
    /// SHA-256 of all the result depends on: source, model, options. A second run compares it.
    case recipe
  }

  public static let format = "vaecodec.latents"
  public static let formatVersion = 1

  public var model: ModelIdentity
  public var isScaled: Bool
  public var scaleFactor: Float
  public var shiftFactor: Float
  public var posterior: PosteriorChoice
  public var frameRate: Rational
  public var startTime: Rational
  public var layout: YUVLayout?
  public var frames: Int
  public var width: Int
  public var height: Int
  public var paddedFrames: Int
  public var paddedWidth: Int
  public var paddedHeight: Int
  public var tileSize: Int?
  public var tileFrames: Int?
  public var tileOverlap: Double?
  public var program: String
  public var recipe: String?
}

extension LatentInfo {
  init(
    model: ModelIdentity, scaling: LatentScaling, isScaled: Bool, posterior: PosteriorChoice,
    frameRate: Rational, startTime: Rational, layout: YUVLayout?,
    clip: (frames: Int, width: Int, height: Int), geometry: CompressionGeometry,
    tiles: TileGeometry, recipe: String?
  ) {
    self.model = model
    self.isScaled = isScaled
    scaleFactor = scaling.scaleFactor
    shiftFactor = scaling.shiftFactor
    self.posterior = posterior
    self.frameRate = frameRate
    self.startTime = startTime
    self.layout = layout
    (frames, width, height) = clip
    paddedFrames = geometry.paddedFrames(for: clip.frames)
    paddedWidth = geometry.paddedSide(for: clip.width)
    paddedHeight = geometry.paddedSide(for: clip.height)
    (tileSize, tileFrames, tileOverlap) = (tiles.size, tiles.frames, tiles.overlap)
    program = "\(Program.name) \(Program.version)"
    self.recipe = recipe
  }

  /// How the latents were scaled.
  var scaling: LatentScaling {
    model.family == Family.dcAE.rawValue
      ? .divide(by: scaleFactor) : .multiply(scale: scaleFactor, shift: shiftFactor)
  }

  /// The metadata as it is written.
  public var metadata: [String: String] {
    var values: [Key: String] = [
      .format: Self.format, .formatVersion: "\(Self.formatVersion)",
      .modelFamily: model.family, .modelName: model.name, .modelSHA256: model.sha256,
      .scaled: isScaled ? "true" : "false",
      .scaleFactor: "\(scaleFactor)", .shiftFactor: "\(shiftFactor)",
      .posterior: posterior.name, .fps: "\(frameRate)", .startTime: "\(startTime)",
      .frames: "\(frames)", .width: "\(width)", .height: "\(height)",
      .paddedFrames: "\(paddedFrames)", .paddedWidth: "\(paddedWidth)",
      .paddedHeight: "\(paddedHeight)",
      .tileSize: tileSize.map(String.init) ?? "off",
      .tileFrames: tileFrames.map(String.init) ?? "off",
      .tileOverlap: tileOverlap.map { "\($0)" } ?? "off",
      .program: program,
    ]
    if case .sample(let seed) = posterior { values[.seed] = "\(seed)" }
    values[.layout] = layout?.description
    values[.recipe] = recipe
    return Dictionary(uniqueKeysWithValues: values.map { ($0.rawValue, $1) })
  }

  /// Reads the metadata of the file at `path`; nil where they are not a latent file's.
  ///
  /// - Throws: ``CodecError`` naming the first key that is missing or makes no sense.
  public init?(_ metadata: [String: String], path: String) throws {
    guard metadata[Key.format.rawValue] == Self.format else { return nil }
    let reader = MetadataReader(metadata, path: path)
    let version = try reader.int(.formatVersion, in: 1...Int.max)
    guard version <= Self.formatVersion else {
      throw CodecError(path, "latent file format \(version) is newer than this program reads")
    }
    model = ModelIdentity(
      family: try reader.text(.modelFamily), name: try reader.text(.modelName),
      sha256: try reader.text(.modelSHA256))
    isScaled = try reader.value(.scaled, "true or false") { ["true": true, "false": false][$0] }
    scaleFactor = try reader.value(.scaleFactor, "a number above 0", Float.init) {
      $0.isFinite && $0 != 0
    }
    shiftFactor = try reader.value(.shiftFactor, "a number", Float.init) { $0.isFinite }
    posterior = try reader.value(.posterior, "mode, sample or moments") {
      PosteriorChoice(name: $0, seed: metadata[Key.seed.rawValue])
    }
    frameRate = try reader.value(.fps, "a rate above 0", Rational.init) { $0 > 0 }
    startTime = try reader.value(.startTime, "a fraction", Rational.init)
    layout = try metadata[Key.layout.rawValue].map { _ in
      try reader.value(.layout, "as \(YUVLayout().description.quoted)", YUVLayout.init)
    }
    frames = try reader.int(.frames)
    width = try reader.int(.width, in: 1...65535)
    height = try reader.int(.height, in: 1...65535)
    paddedFrames = try reader.int(.paddedFrames, in: frames...(1 << 40))
    paddedWidth = try reader.int(.paddedWidth, in: width...(1 << 20))
    paddedHeight = try reader.int(.paddedHeight, in: height...(1 << 20))
    tileSize = metadata[Key.tileSize.rawValue].flatMap { Int($0) }
    tileFrames = metadata[Key.tileFrames.rawValue].flatMap { Int($0) }
    tileOverlap = metadata[Key.tileOverlap.rawValue].flatMap { Double($0) }
    program = metadata[Key.program.rawValue] ?? ""
    recipe = metadata[Key.recipe.rawValue]
  }
}

/// Reads typed values out of string metadata.
private struct MetadataReader {
  private let metadata: [String: String]
  private let path: String

  init(_ metadata: [String: String], path: String) {
    self.metadata = metadata
    self.path = path
  }

  func text(_ key: LatentInfo.Key) throws -> String {
    guard let text = metadata[key.rawValue] else {
      throw CodecError(path, "the metadata has no '\(key.rawValue)'")
    }
    return text
  }

  func value<Value>(
    _ key: LatentInfo.Key, _ expected: String, _ parse: (String) -> Value?,
    where isValid: (Value) -> Bool = { _ in true }
  ) throws -> Value {
    let text = try text(key)
    guard let value = parse(text), isValid(value) else {
      throw CodecError(
        path, "the metadata's '\(key.rawValue)' is \(text.quoted); expected \(expected)")
    }
    return value
  }

  func int(_ key: LatentInfo.Key, in range: ClosedRange<Int> = 1...(1 << 40)) throws -> Int {
    try value(
      key, "a whole number from \(range.lowerBound) to \(range.upperBound)", { Int($0) },
      where: range.contains)
  }
}
