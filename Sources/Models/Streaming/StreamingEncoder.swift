import NN
import Tensor

/// Encodes a clip of any length, frames in, latents out; memory does not grow with it where time is
/// cut into tiles.
///
/// Pads right, bottom and end by repetition as ``CompressionGeometry`` says. Uses its model's context:
/// one stream at a time, not thread-safe.
public final class StreamingEncoder {
  private let model: VideoAutoencoder
  private let stream: TileStream
  private let shape: (channels: Int, height: Int, width: Int)
  private var encodedFrames = 0

  init(model: VideoAutoencoder, stream: TileStream, height: Int, width: Int) {
    self.model = model
    self.stream = stream
    shape = (model.geometry.channels, height, width)
  }

  /// Source frames so far.
  public var frameCount: Int { stream.count }

  /// Takes the next frames, `[C, n, height, width]` in [-1, 1].
  /// - Returns: latents that became final, in order; often none.
  /// - Throws: `ModelError` on another shape or on values that are not finite; `ComputeError`.
  public func push(_ frames: Tensor) throws -> [Posterior] {
    guard frames.shape.count == 4, frames.shape[0] == shape.channels,
      frames.shape[2] == shape.height, frames.shape[3] == shape.width
    else {
      throw ModelError(
        "frames of shape \(frames.shape): must be "
          + "[\(shape.channels), n, \(shape.height), \(shape.width)]")
    }
    try frames.checkFinite("video", firstFrame: frameCount)
    return try stream.push(frames).map(posterior)
  }

  /// Ends the clip and returns the remaining latents.
  public func finish() throws -> [Posterior] {
    guard frameCount > 0 else { throw ModelError("the clip has no frames; one at least is needed") }
    return try stream.finish(length: model.geometry.paddedFrames(for: frameCount)).map(posterior)
  }

  private func posterior(_ encoded: Tensor) throws -> Posterior {
    defer { encodedFrames += encoded.shape[1] }
    guard model.configuration.hasMoments else {
      try encoded.checkFinite("latents", firstFrame: encodedFrames)
      return Posterior(mean: encoded, logvar: nil, firstFrame: encodedFrames)
    }
    try encoded.checkFinite("moments", firstFrame: encodedFrames)
    return Posterior(moments: encoded, firstFrame: encodedFrames)
  }
}
