import Checkpoint
import NN

/// norm, SiLU, convolution, twice, plus the input.
struct ResidualBlock {
  let norm1: Norm
  let conv1: Convolution
  let norm2: Norm
  let conv2: Convolution
  /// 1×1×1, where the numbers of channels differ.
  let shortcut: Convolution?

  init(_ s: WeightScope, in input: Int, out output: Int, shortcut name: String, _ style: LayerStyle)
  {
    norm1 = style.norm(s["norm1"], channels: input)
    conv1 = style.convolution(s["conv1"], in: input, out: output, kernel: 3)
    norm2 = style.norm(s["norm2"], channels: output)
    conv2 = style.convolution(s["conv2"], in: output, out: output, kernel: 3)
    shortcut =
      input == output ? nil : style.convolution(s[name], in: input, out: output, kernel: 1)
  }

  func callAsFunction(_ x: consuming Activation, _ c: ComputeContext) throws -> Activation {
    let h = try conv1(copy x, norm: norm1, activation: .silu, c)
    let residual: Activation
    if let shortcut { residual = try shortcut(consume x, c) } else { residual = consume x }
    return try conv2(
      consume h, norm: norm2, activation: .silu, onto: consume residual, c)
  }
}

extension [ResidualBlock] {
  /// `count` blocks named by their numbers, the first one from `input` channels to `output`.
  static func chain(
    _ s: WeightScope, count: Int, in input: Int, out output: Int, shortcut: String,
    _ style: LayerStyle
  ) -> [ResidualBlock] {
    (0..<count).map { j in
      ResidualBlock(
        s["\(j)"], in: j == 0 ? input : output, out: output, shortcut: shortcut, style)
    }
  }
}

/// Residual block, attention, residual block, all of one width.
struct MidBlock {
  let first: ResidualBlock
  let attention: SelfAttention?
  let second: ResidualBlock

  func callAsFunction(_ x: consuming Activation, _ c: ComputeContext) throws -> Activation {
    var h = try first(x, c)
    if let attention { h = try attention(consume h, c) }
    return try second(consume h, c)
  }
}
