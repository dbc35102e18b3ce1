import Checkpoint

/// `x + out(attention(q, k, v))` with q, k, v from the group-normalised input; one head as wide as
/// the channels. The square matrix of scores is never stored.
public struct SelfAttention {
  /// Names of the parts below the layer's scope.
  public struct Names: Sendable {
    public var norm, query, key, value, output: String

    public init(norm: String, query: String, key: String, value: String, output: String) {
      self.norm = norm
      self.query = query
      self.key = key
      self.value = value
      self.output = output
    }

    /// diffusers' attention: linear layers, weights of rank 2.
    public static let linear = Names(
      norm: "group_norm", query: "to_q", key: "to_k", value: "to_v", output: "to_out.0")
    /// The latent-diffusion autoencoders': 1×1 convolutions, weights of rank 4.
    public static let convolutional = Names(
      norm: "norm", query: "q", key: "k", value: "v", output: "proj_out")
  }

  let norm: GroupNorm
  let query: Convolution
  let key: Convolution
  let value: Convolution
  let output: Convolution
  let isCausalByFrame: Bool

  /// - Parameters:
  ///   - weightRank: 2 for linear layers, 4 for 1×1 convolutions.
  ///   - causalByFrame: true: a token sees its own and all earlier frames; false: its own frame
  ///     alone, and the norm's statistics are per frame too.
  public init(
    _ scope: WeightScope, channels: Int, groups: Int = 32, epsilon: Float = 1e-6, names: Names,
    weightRank: Int, causalByFrame: Bool
  ) {
    func projection(_ name: String) -> Convolution {
      Convolution(
        scope[name], in: channels, out: channels, kernel: (1, 1, 1), padding: .zeros,
        weightRank: weightRank)
    }
    norm = GroupNorm(
      scope[names.norm], channels: channels, groups: groups, epsilon: epsilon,
      perFrame: !causalByFrame)
    query = projection(names.query)
    key = projection(names.key)
    value = projection(names.value)
    output = projection(names.output)
    isCausalByFrame = causalByFrame
  }

  /// The result replaces `x` in its memory.
  public func callAsFunction(_ x: consuming Activation, _ c: ComputeContext) throws -> Activation {
    let attended = try attend(x, c)
    return try output(attended, onto: x, c)
  }

  private func attend(_ x: Activation, _ c: ComputeContext) throws -> Activation {
    let q = try query(x, norm: .group(norm), c)
    let k = try key(x, norm: .group(norm), c)
    let v = try value(x, norm: .group(norm), c)
    let task = AttentionTask(
      extent: x.extent, channels: x.channels, isCausalByFrame: isCausalByFrame,
      storage: c.precision)
    let workspace = try c.arena.allocate(c.engine.workspaceBytes(for: task, workers: c.threads))
    q.sums = nil
    try c.perform(
      "attention", layer: query.weight.layerName, output: q, multiplyAdds: task.multiplyAdds
    ) {
      let buffers = AttentionBuffers(
        query: q.block.pointer, key: k.block.pointer, value: v.block.pointer,
        output: q.block.pointer, workspace: workspace.pointer)
      try c.engine.attend(task, buffers, on: c.workers)
    }
    return q
  }
}
