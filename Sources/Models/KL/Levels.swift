import NN

/// Residual blocks, then a convolution that halves axes where the level has one.
struct DownLevel {
  let blocks: [ResidualBlock]
  let downsample: Convolution?

  func callAsFunction(_ x: consuming Activation, _ c: ComputeContext) throws -> Activation {
    var h = consume x
    for block in blocks { h = try block(consume h, c) }
    guard let downsample else { return h }
    return try downsample(consume h, c)
  }
}

/// Residual blocks, then a convolution of the doubled input where the level has one.
struct UpLevel {
  let blocks: [ResidualBlock]
  let upsample: Convolution?
  let upsampling: Upsampling

  func callAsFunction(_ x: consuming Activation, _ c: ComputeContext) throws -> Activation {
    var h = consume x
    for block in blocks { h = try block(consume h, c) }
    guard let upsample else { return h }
    return try upsample(consume h, upsampling: upsampling, c)
  }
}

/// Frames to moments.
struct KLEncoder {
  let convIn: Convolution
  let down: [DownLevel]
  let mid: MidBlock
  let normOut: Norm
  let convOut: Convolution

  func callAsFunction(_ x: consuming Activation, _ c: ComputeContext) throws -> Activation {
    var h = try convIn(x, c)
    for level in down { h = try level(consume h, c) }
    h = try mid(consume h, c)
    return try convOut(consume h, norm: normOut, activation: .silu, c)
  }
}

/// Latents to frames.
struct KLDecoder {
  let convIn: Convolution
  let mid: MidBlock
  /// In the order they run, deepest first.
  let up: [UpLevel]
  let normOut: Norm
  let convOut: Convolution

  func callAsFunction(_ z: consuming Activation, _ c: ComputeContext) throws -> Activation {
    var h = try convIn(z, c)
    h = try mid(consume h, c)
    for level in up { h = try level(consume h, c) }
    return try convOut(consume h, norm: normOut, activation: .silu, c)
  }
}

/// An encoder and a decoder that meet in moments and latents, with 1×1×1 convolutions between where
/// the checkpoint has them.
struct KLAutoencoder: VideoModel {
  let encoder: KLEncoder
  let quantConv: Convolution?
  let postQuantConv: Convolution?
  let decoder: KLDecoder

  func encode(_ x: consuming Activation, _ c: ComputeContext) throws -> Activation {
    let h = try encoder(x, c)
    guard let quantConv else { return h }
    return try quantConv(consume h, c)
  }

  func decode(_ z: consuming Activation, _ c: ComputeContext) throws -> Activation {
    guard let postQuantConv else { return try decoder(z, c) }
    return try decoder(try postQuantConv(z, c), c)
  }
}
