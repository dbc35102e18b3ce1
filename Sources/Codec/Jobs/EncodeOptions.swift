import Media
import Models
import Tensor

/// How a clip is encoded.
public struct EncodeOptions: Sendable {
  /// Which part of the source, and in what size.
  public var reader = ReaderOptions()
  public var posterior = PosteriorChoice.mode
  /// Element type of the latents: `.f16`, `.bf16` or `.f32`.
  public var dtype = DType.f16
  public var format = LatentFormat.vaecodec
  public var tiles = TilingChoice()
  public var existing = ExistingOutput.refuse

  public init() {}
}

/// How pictures and clips are cut into tiles.
public struct TilingChoice: Sendable {
  /// What the user changes about the model's own tiles.
  public var options = TileOptions()
  /// Take smaller tiles where the memory would not do, instead of refusing.
  public var automatic = false

  public init(_ options: TileOptions = TileOptions(), automatic: Bool = false) {
    self.options = options
    self.automatic = automatic
  }
}

/// What to do about an output that is already there.
public enum ExistingOutput: Sendable {
  /// Refuse to touch it.
  case refuse
  /// Leave it and report it as done where the same source, model and options made it; refuse
  /// otherwise.
  case resume
  /// Replace it.
  case overwrite
}

/// What encoding one clip came to.
public struct EncodeResult: Codable, Hashable, Sendable {
  public var input: String
  public var output: String
  public var model: ModelIdentity
  /// Frames, size and rate of the clip.
  public var frames: Int
  public var width: Int
  public var height: Int
  /// Exact, as "24000/1001".
  public var fps: String
  /// `[C, T, H, W]`.
  public var latents: [Int]
  /// Element type of the latents, as safetensors spells it.
  public var dtype: String
  public var posterior: String
  /// Size of the output.
  public var bytes: Int
  /// Bytes of the clip's 8-bit RGB frames for each byte of the output.
  public var compression: Double
  /// Damaged or missing frames that were left out.
  public var lostFrames: Int
  /// The tile size that was chosen where the memory asked for it.
  public var automaticTileSize: Int?
  /// Wall-clock time; 0 where nothing had to be done.
  public var seconds: Double
  /// An earlier run had made the same file.
  public var isSkipped: Bool
}
