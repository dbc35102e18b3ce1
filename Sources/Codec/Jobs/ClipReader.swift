import Checkpoint
import Foundation
import Media
import Tensor

/// The frames of a source, one by one: a video, a picture, or a tensor file.
///
/// Not thread-safe: one thread at a time.
final class ClipReader {
  /// One frame in the form its source has it.
  enum Frame: Sendable {
    case picture(RGBFrame)
    /// `[3, 1, height, width]` in [-1, 1].
    case tensor(Tensor)

    /// `[3, 1, height, width]` in [-1, 1].
    var tensor: Tensor {
      switch self {
      case .picture(let frame): frame.tensor()
      case .tensor(let tensor): tensor
      }
    }

    /// The same in 8 bits, as number `index` of its clip.
    func picture(index: Int) -> RGBFrame {
      switch self {
      case .picture(let frame): frame.eightBit()
      case .tensor(let tensor): RGBFrame(tensor, index: index)
      }
    }
  }

  private enum Source {
    case video(VideoReader)
    case tensor(TensorClip)
  }

  let path: String
  private let source: Source

  init(_ path: String, options: ReaderOptions) throws {
    self.path = path
    source =
      path.lowercased().hasSuffix(".safetensors")
      ? .tensor(try TensorClip(path, options: options))
      : .video(try VideoReader(path: path, options: options))
  }

  var width: Int {
    switch source {
    case .video(let reader): reader.width
    case .tensor(let clip): clip.shape[3]
    }
  }

  var height: Int {
    switch source {
    case .video(let reader): reader.height
    case .tensor(let clip): clip.shape[2]
    }
  }

  var frameRate: Rational {
    switch source {
    case .video(let reader): reader.outputRate
    case .tensor: TensorClip.frameRate
    }
  }

  /// Nil for a stream.
  var expectedFrames: Int? {
    switch source {
    case .video(let reader): reader.expectedFrames
    case .tensor(let clip): clip.frames.count
    }
  }

  /// Where the clip begins on the source's clock, in seconds; final after the first frame.
  var startTime: Rational {
    switch source {
    case .video(let reader): reader.clipStart
    case .tensor: 0
    }
  }

  /// Chroma layout of the source, where it is YUV.
  var layout: YUVLayout? {
    if case .video(let reader) = source { reader.info.layout } else { nil }
  }

  var isImage: Bool {
    if case .video(let reader) = source { reader.info.isImage } else { false }
  }

  var hasSound: Bool {
    if case .video(let reader) = source { reader.info.audio != nil } else { false }
  }

  var lostFrames: Int {
    if case .video(let reader) = source { reader.lostFrames } else { 0 }
  }

  /// Lines for people; complete after the last frame.
  var warnings: [String] {
    switch source {
    case .video(let reader): reader.warnings
    case .tensor:
      ["\(path): a tensor has no frame rate; \(TensorClip.frameRate) frames per second are assumed"]
    }
  }

  func next() throws -> Frame? {
    switch source {
    case .video(let reader): try reader.next().map(Frame.picture)
    case .tensor(let clip): try clip.next().map(Frame.tensor)
    }
  }
}

/// A clip in a safetensors file: the float tensor `video` or `x`, `[3,T,H,W]` or `[1,3,T,H,W]` in
/// [-1, 1].
private final class TensorClip {
  static let frameRate: Rational = 24

  /// `[3, T, H, W]`.
  let shape: [Int]
  /// Those that are taken, in order.
  let frames: [Int]
  private let entry: TensorEntry
  private var position = 0

  init(_ path: String, options: ReaderOptions) throws {
    guard options.size == nil, options.maxFPS == nil, options.start == 0 else {
      throw CodecError(
        path, "a tensor is taken as it is: of the clip options only frames and every apply to it")
    }
    let file = try SafetensorsFile(path: path)
    guard let entry = file["video"] ?? file["x"] else {
      throw CodecError(path, "holds no tensor 'video' or 'x' [C,T,H,W]")
    }
    let squeezed =
      entry.shape.count == 5 && entry.shape[0] == 1 ? Array(entry.shape.dropFirst()) : entry.shape
    guard entry.dtype.isFloatingPoint, squeezed.count == 4, squeezed[0] == 3, entry.count > 0 else {
      throw CodecError(
        path,
        "tensor '\(entry.name)' is \(entry.dtype.rawValue) \(entry.shape); a clip is floating-point "
          + "numbers [3,T,H,W] or [1,3,T,H,W]")
    }
    self.entry = entry
    shape = squeezed
    let taken = Array(stride(from: 0, to: squeezed[1], by: max(1, options.every)))
    frames = Array(taken.prefix(options.frames ?? taken.count))
  }

  func next() throws -> Tensor? {
    guard position < frames.count else { return nil }
    let frame = frames[position]
    position += 1
    let plane = shape[2] * shape[3]
    let size = entry.dtype.size
    defer { entry.releasePages() }
    return entry.withBytes { bytes in
      Tensor([3, 1, shape[2], shape[3]]) { target in
        for channel in 0..<3 {
          let first = (channel * shape[1] + frame) * plane
          entry.dtype.decode(
            UnsafeRawBufferPointer(rebasing: bytes[first * size..<(first + plane) * size]),
            into: UnsafeMutableBufferPointer(
              rebasing: target[channel * plane..<(channel + 1) * plane]))
        }
      }
    }
  }
}
