import Checkpoint
import Media
import Models
import Tensor

/// The latents of a file as one model decodes them: how long and large the clip is, and its values,
/// unscaled.
package struct LatentClip {
  /// `[C, T, H, W]`.
  let shape: [Int]
  let frames: Int
  let width: Int
  let height: Int
  let frameRate: Rational
  /// Where in its source the clip begins, in seconds.
  let startTime: Rational
  /// Chroma layout for writing the clip as YUV; of 8 bits, as decoded pictures are.
  let layout: YUVLayout
  private let file: LatentFile
  /// Nil where the values are unscaled.
  private let scaling: LatentScaling?

  /// Frame rate of files that do not say.
  private static let assumedRate: Rational = 24
  /// Latent frames that are read at a time: few, since all that a stretch completes is decoded
  /// before the first frame of it is written.
  private static let stretchLength = 4

  /// - Throws: ``CodecError`` where the file contradicts itself, the model or the options.
  package init(
    _ file: LatentFile, geometry: CompressionGeometry, scaling: LatentScaling,
    _ options: DecodeOptions, remark: (String) -> Void
  ) throws {
    self.file = file
    shape = try file.shape(for: geometry)
    let whole = FrameSize(width: shape[3] * geometry.space, height: shape[2] * geometry.space)
    let all = geometry.decodedFrames(for: shape[1])
    let own: FrameSize
    if let info = file.info {
      guard geometry.latentFrames(for: info.frames) == shape[1],
        geometry.paddedSide(for: info.width) == whole.width,
        geometry.paddedSide(for: info.height) == whole.height
      else {
        throw CodecError(
          file.path,
          "says \(info.frames) frames of \(info.width)x\(info.height), but latents \(shape) are "
            + "\(all) of \(whole.width)x\(whole.height)")
      }
      own = FrameSize(width: info.width, height: info.height)
      var layout = info.layout ?? YUVLayout()
      layout.bitDepth = 8
      self.layout = layout
      frames = info.frames
      (frameRate, startTime) = (options.frameRate ?? info.frameRate, info.startTime)
      self.scaling = info.isScaled ? info.scaling : nil
    } else {
      own = Self.size(file.hints, whole: whole, cell: geometry.space)
      layout = YUVLayout()
      let plausible = max(1, all - geometry.timeRatio + 1)...all
      frames = file.hints.frames.flatMap { plausible ~= $0 ? $0 : nil } ?? all
      (frameRate, startTime) = (options.frameRate ?? Self.assumedRate, 0)
      let isUnscaled = options.isUnscaled || file.format?.isScaled == false
      self.scaling = isUnscaled ? nil : scaling
      if options.frameRate == nil, frames > 1 {
        remark("\(file.path): has no frame rate; \(Self.assumedRate) frames per second are assumed")
      }
    }
    let size = options.size ?? own
    let isFree = file.info == nil && size.width <= whole.width && size.height <= whole.height
    guard size == own || isFree else {
      throw CodecError(
        file.path,
        "a size of \(size.width)x\(size.height) cannot be; these latents are "
          + "\(own.width)x\(own.height)")
    }
    (width, height) = (size.width, size.height)
  }

  /// Latent frames to read one after the other.
  package var stretches: [Range<Int>] {
    stride(from: 0, to: shape[1], by: Self.stretchLength).map {
      $0..<min($0 + Self.stretchLength, shape[1])
    }
  }

  /// Latent frames `range`, unscaled.
  ///
  /// - Throws: ``CodecError`` at the first value that is no finite number, or is none unscaled.
  package func latents(_ range: Range<Int>) throws -> Tensor {
    let values = try file.values(range, shape: shape)
    let latents = scaling?.fromDiffusion(values) ?? values
    if let index = latents.firstNonFinite {
      throw CodecError(
        file.path,
        "tensor \(file.tensor.name.quoted) holds values that its scale makes "
          + "\(latents.values[index]); the scale must fit the values")
    }
    return latents
  }

  /// The size another tool noted, where it is that of these latents before padding.
  private static func size(
    _ hints: LatentFile.Hints, whole: FrameSize, cell: Int
  ) -> FrameSize {
    guard let width = hints.width, let height = hints.height,
      (whole.width - cell + 1...whole.width) ~= width,
      (whole.height - cell + 1...whole.height) ~= height
    else { return whole }
    return FrameSize(width: width, height: height)
  }
}
