public import Foundation
public import Media
import Models
public import Tensor

/// How a clip is encoded, decoded and compared.
public struct RoundTripOptions: Sendable {
  /// Which part of the source, and in what size.
  public var reader = ReaderOptions()
  /// `.mode` or `.sample`.
  public var posterior = PosteriorChoice.mode
  /// The latents are rounded to this type before they are decoded.
  public var dtype = DType.f16
  /// x264's constant rate factor of both clips, 0 to 51.
  public var crf = 23
  public var tiles = TilingChoice()
  /// What the observer measures: figures of others are made anew.
  public var measured = ""
  public var existing = ExistingOutput.refuse

  public init() {}
}

/// Sees every frame of a round trip beside its reconstruction, and the latents between them.
///
/// Made and used on one thread.
public protocol RoundTripObserver: AnyObject {
  /// A source frame in 8 bits and the model's output for it, before H.264; in order.
  func compare(source: RGBFrame, reconstruction: RGBFrame) throws
  /// A stretch of the clip's distribution, in order, unscaled; `logvar` is nil for dc_ae.
  func observe(mean: Tensor, logvar: Tensor?) throws
  /// The figures of the whole clip, as JSON. They are kept beside the clips, and a later run that
  /// skips this one returns them.
  func finish(_ written: WrittenRoundTrip) throws -> Data
}

/// The clips of a round trip: whole, but not yet under their final names.
public struct WrittenRoundTrip: Sendable {
  /// The source's frames as MP4 (PNG for a picture), with what H.264 took from them.
  public let original: String
  /// The reconstruction, likewise.
  public let reconstruction: String
  let input: String
  let reader: ReaderOptions
  let session: Session

  /// Reads the source once more and hands out its frames as the model saw them, in 8 bits.
  ///
  /// - Throws: what reading throws (standard input is not there a second time); ``Interrupted``.
  public func forEachSourceFrame(_ body: (RGBFrame) throws -> Void) throws {
    let reader = try ClipReader(input, options: reader)
    var index = 0
    while let frame = try reader.next() {
      try session.cancellation.check()
      try body(frame.picture(index: index))
      index += 1
    }
  }
}

/// What the round trip of one clip came to.
public struct RoundTripResult: Codable, Hashable, Sendable {
  public var input: String
  /// The source's frames as the model saw them, as MP4 (PNG for a single picture).
  public var original: String
  /// The reconstruction.
  public var reconstruction: String
  public var model: ModelIdentity
  public var frames: Int
  public var width: Int
  public var height: Int
  /// Exact, as "24000/1001".
  public var fps: String
  /// `[C, T, H, W]`.
  public var latents: [Int]
  /// Element type the latents were rounded to, as safetensors spells it.
  public var dtype: String
  /// Size the latents have in a file.
  public var latentBytes: Int
  /// Bytes of the clip's 8-bit RGB frames for each byte of latents.
  public var compression: Double
  /// Damaged or missing frames that were left out.
  public var lostFrames: Int
  /// The tile size that was chosen where the memory asked for it.
  public var automaticTileSize: Int?
  /// Wall-clock time; 0 where nothing had to be done.
  public var seconds: Double
  /// An earlier run had made the same files.
  public var isSkipped: Bool
  /// What the observer's `finish` returned.
  public var figures: Data
}
