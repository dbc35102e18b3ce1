import Checkpoint

/// Group normalisation, affine, over `channels/groups` channels at all positions of the clip.
public struct GroupNorm {
  let weight: Weight
  let bias: Weight
  let groups: Int
  let epsilon: Float
  let isPerFrame: Bool

  /// - Parameters:
  ///   - scope: holds `weight` and `bias`, `[channels]` each.
  ///   - groups: divides `channels`.
  ///   - perFrame: whether each frame has statistics of its own (a model of single images).
  public init(
    _ scope: WeightScope, channels: Int, groups: Int, epsilon: Float = 1e-6, perFrame: Bool = false
  ) {
    precondition(channels % groups == 0, "\(groups) groups of \(channels) channels")
    weight = scope.take("weight", [channels])
    bias = scope.take("bias", [channels])
    self.groups = groups
    self.epsilon = epsilon
    isPerFrame = perFrame
  }
}

/// `x / √(mean(x²) + ε) · weight + bias` over the channels of each position.
public struct RMSNorm {
  let weight: Weight
  let bias: Weight
  let epsilon: Float

  /// - Parameter scope: holds `weight` and `bias`, `[channels]` each.
  public init(_ scope: WeightScope, channels: Int, epsilon: Float = 1e-5) {
    weight = scope.take("weight", [channels])
    bias = scope.take("bias", [channels])
    self.epsilon = epsilon
  }
}

/// A norm in front of a convolution.
public enum Norm {
  case group(GroupNorm)
  case rms(RMSNorm)

  var weights: [Weight] {
    switch self {
    case .group(let norm): [norm.weight, norm.bias]
    case .rms(let norm): [norm.weight, norm.bias]
    }
  }
}
