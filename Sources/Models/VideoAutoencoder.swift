import Checkpoint
import NN
import Tensor

/// A loaded autoencoder: clips to latents and back.
///
/// Not thread-safe: one thread at a time uses a model and its streams.
public final class VideoAutoencoder {
  public let configuration: ModelConfiguration
  /// Engine, threads and memory that the model runs on.
  public let context: ComputeContext
  /// Number of weights.
  public let parameterCount: Int
  /// Size of the mapped weights.
  let weightBytes: Int
  private let model: any VideoModel

  /// Loads a checkpoint; its weights stay mapped.
  /// - Parameters:
  ///   - configuration: Open-Sora's keys or a diffusers `config.json`; nil takes the checkpoint's
  ///     own, and without one what names and shapes show and the published defaults.
  ///   - engine: nil takes the fastest.
  ///   - threads: nil takes all cores.
  /// - Throws: `ModelError` where family or sizes stay open or disagree, `CheckpointError` on
  ///   missing, extra and misshapen tensors, `ComputeError` where precision or engine do not exist.
  public static func load(
    _ checkpoint: Checkpoint, configuration: JSONValue? = nil, engine: EngineKind? = nil,
    precision: Precision = .f32, threads: Int? = nil
  ) throws -> VideoAutoencoder {
    try load(checkpoint, configuration: configuration) {
      try ComputeContext(engine: engine, precision: precision, threads: threads)
    }
  }

  /// As the public one, on the context that `makeContext` makes.
  static func load(
    _ checkpoint: Checkpoint, configuration: JSONValue?, on makeContext: () throws -> ComputeContext
  ) throws -> VideoAutoencoder {
    let summary = try ModelSummary(checkpoint, configuration: configuration)
    let context = try makeContext()
    let (model, loader) = summary.makeModel()
    try loader.finish()
    return VideoAutoencoder(summary, context: context, model: model)
  }

  private init(_ summary: ModelSummary, context: ComputeContext, model: any VideoModel) {
    configuration = summary.configuration
    parameterCount = summary.parameterCount
    weightBytes = summary.byteCount
    self.context = context
    self.model = model
  }

  public var family: Family { configuration.family }
  public var geometry: CompressionGeometry { configuration.geometry }
  /// Between the latents here, which are unscaled, and those a diffusion model is given.
  public var scaling: LatentScaling { configuration.scaling }

  /// An encoder for a clip of `width` × `height` pixels.
  /// - Throws: `ModelError` on tile options that do not work, naming ones that do.
  public func makeEncoder(
    width: Int, height: Int, tiles: TileOptions = TileOptions()
  ) throws -> StreamingEncoder {
    let layout = try encodingLayout(width: width, height: height, tiles: tiles)
    let stream = layout.makeStream { [model, context] tile in
      try context.download(model.encode(try context.upload(tile), context))
    }
    return StreamingEncoder(model: self, stream: stream, height: height, width: width)
  }

  /// A decoder for latents of `latentWidth` × `latentHeight`.
  /// - Parameters:
  ///   - width, height: crop the frames, right and bottom; nil keeps all.
  ///   - frames: crops the clip; nil keeps all.
  /// - Throws: `ModelError` on tile options that do not work, naming ones that do.
  public func makeDecoder(
    latentWidth: Int, latentHeight: Int, width: Int? = nil, height: Int? = nil,
    frames: Int? = nil, tiles: TileOptions = TileOptions()
  ) throws -> StreamingDecoder {
    let layout = try decodingLayout(width: latentWidth, height: latentHeight, tiles: tiles)
    let stream = layout.makeStream { [model, context] tile in
      try context.download(model.decode(try context.upload(tile), context))
    }
    return StreamingDecoder(
      model: self, stream: stream, height: latentHeight, width: latentWidth,
      crop: (frames, height ?? layout.spatial.outputHeight, width ?? layout.spatial.outputWidth))
  }

  /// Encodes a whole clip `[C, T, H, W]` in [-1, 1], of any length and size.
  public func encode(_ clip: Tensor, tiles: TileOptions = TileOptions()) throws -> Posterior {
    guard clip.shape.count == 4, clip.count > 0 else {
      throw ModelError("a clip of shape \(clip.shape): must be [C, T, H, W], none of them 0")
    }
    let encoder = try makeEncoder(width: clip.shape[3], height: clip.shape[2], tiles: tiles)
    let parts = try encoder.push(clip) + encoder.finish()
    guard let posterior = Posterior.joined(parts) else {
      throw ModelError("a clip of shape \(clip.shape) has no latents")
    }
    return posterior
  }

  /// Decodes unscaled latents `[Z, t, h, w]` of a whole clip to `[C, T, H, W]`.
  /// - Parameter size: the clip's own size, which padding is cut off to; nil keeps all.
  public func decode(
    _ latents: Tensor, cropTo size: Extent? = nil, tiles: TileOptions = TileOptions()
  ) throws -> Tensor {
    guard latents.shape.count == 4, latents.count > 0 else {
      throw ModelError("latents of shape \(latents.shape): must be [Z, t, h, w], none of them 0")
    }
    let decoder = try makeDecoder(
      latentWidth: latents.shape[3], latentHeight: latents.shape[2], width: size?.width,
      height: size?.height, frames: size?.frames, tiles: tiles)
    let parts = try decoder.push(latents) + decoder.finish()
    return parts.count == 1 ? parts[0] : .concatenate(parts, axis: 1)
  }

  func encodingLayout(width: Int, height: Int, tiles: TileOptions) throws -> StreamLayout {
    try checkSize(width, height)
    return .encoding(geometry, try tilePlan(tiles), height: height, width: width)
  }

  func decodingLayout(width: Int, height: Int, tiles: TileOptions) throws -> StreamLayout {
    try checkSize(width, height)
    return .decoding(geometry, try tilePlan(tiles), height: height, width: width)
  }

  /// A run of one tile that counts memory and multiply-adds.
  func dryRun(_ extent: Extent, channels: Int, encodes: Bool) throws -> Plan {
    try ComputeContext.plan(like: context) { dry in
      let input = try dry.blank(extent, channels: channels)
      _ = encodes ? try model.encode(input, dry) : try model.decode(input, dry)
    }
  }

  private func tilePlan(_ options: TileOptions) throws -> TilePlan {
    try TilePlan(options, defaults: configuration.tiles, geometry: geometry)
  }

  private func checkSize(_ width: Int, _ height: Int) throws {
    let sides = 1...1 << 20
    guard sides.contains(width), sides.contains(height) else {
      throw ModelError("\(width)x\(height): width and height must be from 1 to \(sides.upperBound)")
    }
  }
}
