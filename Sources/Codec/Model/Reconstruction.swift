import Models
import NN
public import Tensor

/// Takes short clips of one size to latents and back in memory, as ``RoundTripJob`` does with files:
/// the distribution's mode, rounded to what a latent file holds by default.
///
/// Not thread-safe: one thread at a time uses a model.
public final class Reconstruction {
  private let model: LoadedModel
  private let tiles: TileOptions
  private let dtype: DType

  /// Makes sure that clips of this size fit into memory, with smaller tiles where that helps.
  ///
  /// - Throws: ``CodecError`` naming what is needed and what there is.
  public init(
    _ model: LoadedModel, width: Int, height: Int, frames: Int, dtype: DType = .f16
  ) throws {
    self.model = model
    self.dtype = dtype
    var choice = TilingChoice()
    choice.automatic = true
    tiles = try MemoryGuard(model: model.autoencoder, path: "\(frames) frames").tiles(
      choice, width: width, height: height, frames: frames, for: [.encoding, .decoding]
    ).options
  }

  /// `[3, T, H, W]` in [-1, 1] to the same shape.
  public func callAsFunction(_ clip: Tensor) throws -> Tensor {
    let autoencoder = model.autoencoder
    let mode = try autoencoder.encode(clip, tiles: tiles).mode()
    let stored = autoencoder.scaling.toDiffusion(mode).rounded(to: dtype)
    if stored.firstNonFinite != nil {
      throw CodecError(model.identity.name, "latents are too large for \(dtype.rawValue)")
    }
    let shape = clip.shape
    return try autoencoder.decode(
      autoencoder.scaling.fromDiffusion(stored),
      cropTo: Extent(frames: shape[1], height: shape[2], width: shape[3]), tiles: tiles)
  }
}
