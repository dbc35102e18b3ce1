import Checkpoint
import NN

/// Video DC-AE (Open-Sora's `models/dc_ae`): a deterministic autoencoder whose resampling layers are
/// added to parameter-free shortcuts.
struct DCAutoencoder: VideoModel {
  let encoder: DCEncoder
  let decoder: DCDecoder

  init(_ s: WeightScope, _ configuration: DCAEConfiguration) {
    encoder = DCEncoder(s["encoder"], configuration)
    decoder = DCDecoder(s["decoder"], configuration)
  }

  func encode(_ x: consuming Activation, _ c: ComputeContext) throws -> Activation {
    try encoder(x, c)
  }

  func decode(_ z: consuming Activation, _ c: ComputeContext) throws -> Activation {
    try decoder(z, c)
  }
}

struct DCEncoder {
  let projectIn: Convolution
  let stages: [(blocks: [DCAEBlock], down: DCDownsample?)]
  let projectOut: DCDownsample

  init(_ s: WeightScope, _ configuration: DCAEConfiguration) {
    let encoder = configuration.encoder
    let widths = encoder.widths
    projectIn = Convolution(
      s["project_in"]["conv"], in: configuration.inChannels, out: widths[0], kernel: (3, 3, 3),
      padding: .zeros)
    stages = widths.indices.map { i in
      let s = s["stages"]["\(i)"]["op_list"]
      let depth = encoder.depths[i]
      return (
        (0..<depth).map { DCAEBlock(s["\($0)"], encoder.blocks[i], channels: widths[i]) },
        i + 1 == widths.count
          ? nil
          : DCDownsample(
            s["\(depth)"]["main"]["conv"], in: widths[i], out: widths[i + 1],
            time: encoder.compressesTime[i], space: true)
      )
    }
    projectOut = DCDownsample(
      s["project_out"]["main"]["op_list"]["0"]["conv"], in: widths[widths.count - 1],
      out: configuration.latentChannels, time: false, space: false)
  }

  func callAsFunction(_ x: consuming Activation, _ c: ComputeContext) throws -> Activation {
    var h = try projectIn(x, c)
    for stage in stages {
      for block in stage.blocks { h = try block(consume h, c) }
      if let down = stage.down { h = try down(consume h, c) }
    }
    return try projectOut(consume h, c)
  }
}

struct DCDecoder {
  let projectIn: DCUpsample
  /// In checkpoint order, that is shallowest first: they run backwards.
  let stages: [(up: DCUpsample?, blocks: [DCAEBlock])]
  let normOut: RMSNorm
  let convOut: Convolution

  init(_ s: WeightScope, _ configuration: DCAEConfiguration) {
    let decoder = configuration.decoder
    let widths = decoder.widths
    projectIn = DCUpsample(
      s["project_in"]["main"]["conv"], in: configuration.latentChannels,
      out: widths[widths.count - 1], time: false, space: false)
    stages = widths.indices.map { i in
      let s = s["stages"]["\(i)"]["op_list"]
      let isDeepest = i + 1 == widths.count
      return (
        isDeepest
          ? nil
          : DCUpsample(
            s["0"]["main"]["conv"]["conv"], in: widths[i + 1], out: widths[i],
            time: decoder.compressesTime[i], space: true),
        (0..<decoder.depths[i]).map {
          DCAEBlock(s["\(isDeepest ? $0 : $0 + 1)"], decoder.blocks[i], channels: widths[i])
        }
      )
    }
    let s = s["project_out"]["op_list"]
    normOut = RMSNorm(s["0"], channels: widths[0])
    convOut = Convolution(
      s["2"]["conv"], in: widths[0], out: configuration.inChannels, kernel: (3, 3, 3),
      padding: .zeros)
  }

  func callAsFunction(_ z: consuming Activation, _ c: ComputeContext) throws -> Activation {
    var h = try projectIn(z, c)
    for stage in stages.reversed() {
      if let up = stage.up { h = try up(consume h, c) }
      for block in stage.blocks { h = try block(consume h, c) }
    }
    return try convOut(consume h, norm: .rms(normOut), activation: .relu, c)
  }
}

/// A stride convolution plus a shortcut: space (and time) to depth, then the mean over channels.
struct DCDownsample {
  let conv: Convolution
  let channels: Int
  let time: Bool
  let space: Bool

  init(_ s: WeightScope, in input: Int, out output: Int, time: Bool, space: Bool) {
    conv = Convolution(
      s, in: input, out: output, kernel: (3, 3, 3),
      stride: (time ? 2 : 1, space ? 2 : 1, space ? 2 : 1), padding: .zeros)
    channels = output
    self.time = time
    self.space = space
  }

  func callAsFunction(_ x: consuming Activation, _ c: ComputeContext) throws -> Activation {
    // A single frame is an image: it has no second one to fold in.
    let shortcut = try Rearrange.spaceToDepthMean(
      x, time: time && x.extent.frames > 1, space: space, to: channels, c)
    return try conv(x, onto: consume shortcut, c)
  }
}

/// A convolution of the doubled input plus a shortcut: repeated channels, then depth to space.
struct DCUpsample {
  let conv: Convolution
  let channels: Int
  let time: Bool
  let space: Bool

  init(_ s: WeightScope, in input: Int, out output: Int, time: Bool, space: Bool) {
    conv = Convolution(s, in: input, out: output, kernel: (3, 3, 3), padding: .zeros)
    channels = output
    self.time = time
    self.space = space
  }

  func callAsFunction(_ x: consuming Activation, _ c: ComputeContext) throws -> Activation {
    // A single latent frame stays a single frame.
    let doubles = time && x.extent.frames > 1
    let shortcut = try Rearrange.repeatDepthToSpace(
      x, time: doubles, space: space, to: channels, c)
    return try conv(
      x, upsampling: .nearest(time: doubles ? .double : .none, space: space),
      onto: consume shortcut, c)
  }
}
