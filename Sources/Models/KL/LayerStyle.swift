import Checkpoint
import NN

/// What the layers of the two KL models differ in.
struct LayerStyle {
  /// Causal 3D convolutions with norms over the whole clip; otherwise 2D ones, each frame alone.
  let isCausal: Bool
  /// Groups of all group norms.
  let groups: Int

  /// A k×k×k causal convolution, or a k×k one.
  func convolution(
    _ s: WeightScope, in input: Int, out output: Int, kernel k: Int,
    stride: (t: Int, h: Int, w: Int) = (1, 1, 1), padding: Padding? = nil
  ) -> Convolution {
    isCausal
      ? Convolution(
        s["conv"], in: input, out: output, kernel: (k, k, k), stride: stride,
        padding: .causalReplicate)
      : Convolution(
        s, in: input, out: output, kernel: (1, k, k), stride: stride, padding: padding ?? .zeros,
        weightRank: 4)
  }

  func norm(_ s: WeightScope, channels: Int) -> Norm {
    .group(GroupNorm(s, channels: channels, groups: groups, perFrame: !isCausal))
  }

  func attention(_ s: WeightScope, channels: Int) -> SelfAttention {
    SelfAttention(
      s, channels: channels, groups: groups, names: isCausal ? .linear : .convolutional,
      weightRank: isCausal ? 2 : 4, causalByFrame: isCausal)
  }
}
