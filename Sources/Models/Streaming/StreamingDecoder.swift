import NN
import Tensor

/// Decodes latents of any length; memory does not grow with it where time is cut into tiles.
///
/// Uses its model's context: one stream at a time, not thread-safe.
public final class StreamingDecoder {
  private let model: VideoAutoencoder
  private let stream: TileStream
  private let shape: (channels: Int, height: Int, width: Int)
  private let crop: (frames: Int?, height: Int, width: Int)
  private var decodedFrames = 0

  /// - Parameter crop: what to keep of the decoded frames: the upper left part, the first ones.
  init(
    model: VideoAutoencoder, stream: TileStream, height: Int, width: Int,
    crop: (frames: Int?, height: Int, width: Int)
  ) {
    self.model = model
    self.stream = stream
    self.crop = crop
    shape = (model.geometry.latentChannels, height, width)
  }

  /// Frames returned so far.
  public var frameCount: Int { min(decodedFrames, crop.frames ?? decodedFrames) }

  /// Takes the next latent frames, unscaled, `[Z, n, h, w]`.
  /// - Returns: frames `[C, n, height, width]` that became final, in order; often none. They are not
  ///   clamped.
  /// - Throws: `ModelError` on another shape or on values that are not finite; `ComputeError`.
  public func push(_ latents: Tensor) throws -> [Tensor] {
    guard latents.shape.count == 4, latents.shape[0] == shape.channels,
      latents.shape[2] == shape.height, latents.shape[3] == shape.width
    else {
      throw ModelError(
        "latents of shape \(latents.shape): must be "
          + "[\(shape.channels), n, \(shape.height), \(shape.width)]")
    }
    try latents.checkFinite("latents", firstFrame: stream.count)
    return try stream.push(latents).compactMap(frames)
  }

  /// Ends the clip and returns the remaining frames.
  public func finish() throws -> [Tensor] {
    guard stream.count > 0 else {
      throw ModelError("there are no latent frames; one at least is needed")
    }
    return try stream.finish(length: stream.count).compactMap(frames)
  }

  private func frames(_ decoded: Tensor) throws -> Tensor? {
    try decoded.checkFinite("decoded frames", firstFrame: decodedFrames)
    let wanted = max(0, (crop.frames ?? .max) - decodedFrames)
    decodedFrames += decoded.shape[1]
    guard wanted > 0 else { return nil }
    return decoded.part(axis: 1, from: 0, count: min(wanted, decoded.shape[1]))
      .part(axis: 2, from: 0, count: crop.height).part(axis: 3, from: 0, count: crop.width)
  }
}
