import Checkpoint
import NN

// Blocks of the Video DC-AE (`models/nn/ops.py` of EfficientViT in three dimensions), with the names
// of its checkpoints. All convolutions are zero-padded on all sides.

/// convolution, SiLU, convolution, RMS norm, plus the input.
struct DCAEResidualBlock {
  let conv1: Convolution
  let conv2: NormedConvolution

  init(_ s: WeightScope, channels: Int) {
    let s = s["main"]
    conv1 = Convolution(
      s["conv1"]["conv"], in: channels, out: channels, kernel: (3, 3, 3), padding: .zeros)
    conv2 = NormedConvolution(s["conv2"], in: channels, out: channels, kernel: (3, 3, 3))
  }

  func callAsFunction(_ x: consuming Activation, _ c: ComputeContext) throws -> Activation {
    let h = try conv1(copy x, then: .silu, c)
    return try conv2(consume h, onto: consume x, c)
  }
}

/// A convolution without bias, then an RMS norm, added to a residual.
struct NormedConvolution {
  let conv: Convolution
  let norm: RMSNorm

  init(_ s: WeightScope, in input: Int, out output: Int, kernel: (t: Int, h: Int, w: Int)) {
    conv = Convolution(
      s["conv"], in: input, out: output, kernel: kernel, padding: .zeros, bias: false)
    norm = RMSNorm(s["norm"], channels: output)
  }

  func callAsFunction(
    _ x: consuming Activation, onto residual: consuming Activation, _ c: ComputeContext
  ) throws -> Activation {
    try conv(x, thenNorm: norm, onto: residual, c)
  }
}

/// Linear attention at one or two scales, plus the input.
struct LiteMLA {
  /// Channels of one head.
  static let headWidth = 32

  let qkv: Convolution
  /// Depthwise 5×5×5, then 1×1×1 within each head's q, k or v: the second scale.
  let aggreg: (depthwise: Convolution, grouped: Convolution)?
  let attention = LinearAttention(dimension: headWidth)
  let proj: NormedConvolution

  init(_ s: WeightScope, channels: Int, hasSecondScale: Bool) {
    let s = s["main"]
    let wide = 3 * channels
    func convolution(_ s: WeightScope, in input: Int, kernel k: Int, groups: Int) -> Convolution {
      Convolution(
        s, in: input, out: wide, kernel: (k, k, k), padding: .zeros, groups: groups, bias: false)
    }
    qkv = convolution(s["qkv"]["conv"], in: channels, kernel: 1, groups: 1)
    aggreg =
      hasSecondScale
      ? (
        convolution(s["aggreg"]["0"]["0"], in: wide, kernel: 5, groups: wide),
        convolution(s["aggreg"]["0"]["1"], in: wide, kernel: 1, groups: wide / Self.headWidth)
      ) : nil
    proj = NormedConvolution(
      s["proj"], in: hasSecondScale ? 2 * channels : channels, out: channels, kernel: (1, 1, 1))
  }

  func callAsFunction(_ x: consuming Activation, _ c: ComputeContext) throws -> Activation {
    let attended = try attend(x, c)
    return try proj(consume attended, onto: consume x, c)
  }

  private func attend(_ x: Activation, _ c: ComputeContext) throws -> Activation {
    let first = try qkv(x, c)
    guard let aggreg else { return try attention([first], c) }
    let second = try aggreg.grouped(try aggreg.depthwise(first, c), c)
    return try attention([first, second], c)
  }
}

/// An inverted bottleneck with a gate, plus the input.
struct GLUMBConv {
  let invertedConv: Convolution
  let depthConv: Convolution
  let pointConv: NormedConvolution

  init(_ s: WeightScope, channels: Int) {
    let s = s["main"]
    let middle = 4 * channels
    invertedConv = Convolution(
      s["inverted_conv"]["conv"], in: channels, out: 2 * middle, kernel: (1, 1, 1),
      padding: .zeros)
    depthConv = Convolution(
      s["depth_conv"]["conv"], in: 2 * middle, out: 2 * middle, kernel: (3, 3, 3),
      padding: .zeros, groups: 2 * middle)
    pointConv = NormedConvolution(
      s["point_conv"], in: middle, out: channels, kernel: (1, 1, 1))
  }

  func callAsFunction(_ x: consuming Activation, _ c: ComputeContext) throws -> Activation {
    var h = try invertedConv(copy x, then: .silu, c)
    h = try depthConv(consume h, c)
    h = try gatedSiLU(consume h, c)
    return try pointConv(consume h, onto: consume x, c)
  }
}

/// One block of a stage.
enum DCAEBlock {
  case residual(DCAEResidualBlock)
  case efficientViT(LiteMLA, GLUMBConv)

  init(_ s: WeightScope, _ kind: DCAEConfiguration.BlockKind, channels: Int) {
    switch kind {
    case .residual:
      self = .residual(DCAEResidualBlock(s, channels: channels))
    case .efficientViT, .efficientViTTwoScales:
      self = .efficientViT(
        LiteMLA(
          s["context_module"], channels: channels,
          hasSecondScale: kind == .efficientViTTwoScales),
        GLUMBConv(s["local_module"], channels: channels))
    }
  }

  func callAsFunction(_ x: consuming Activation, _ c: ComputeContext) throws -> Activation {
    switch self {
    case .residual(let block): return try block(x, c)
    case .efficientViT(let context, let local): return try local(try context(x, c), c)
    }
  }
}
