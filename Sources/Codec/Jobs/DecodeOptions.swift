import Media

/// How latents are rendered.
public struct DecodeOptions: Sendable {
  /// The tensor to take where a file holds several.
  public var tensor: String?
  /// The values of a file that does not say so are as an encoder returned them.
  public var isUnscaled = false
  /// Replaces the file's frame rate; 24 where neither says.
  public var frameRate: Rational?
  /// Size to crop to where the file does not say.
  public var size: FrameSize?
  /// x264's constant rate factor, 0 to 51.
  public var crf = 23
  /// A file whose sound is copied.
  public var audio: String?
  public var tiles = TilingChoice()
  public var existing = ExistingOutput.refuse

  public init() {}
}

/// What decoding one latent file came to.
public struct DecodeResult: Codable, Hashable, Sendable {
  public var input: String
  public var output: String
  public var model: ModelIdentity
  public var frames: Int
  public var width: Int
  public var height: Int
  /// Exact, as "24000/1001".
  public var fps: String
  /// Size of the output; 0 for standard output.
  public var bytes: Int
  /// The tile size that was chosen where the memory asked for it.
  public var automaticTileSize: Int?
  /// Wall-clock time; 0 where nothing had to be done.
  public var seconds: Double
  /// An earlier run had made the same file.
  public var isSkipped: Bool
}
