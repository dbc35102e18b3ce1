internal import CKernels

/// ReLU linear attention over all positions of the clip (LiteMLA of the Video DC-AE).
///
/// The input holds, for each head, `dimension` channels each of q, k and v. With `q' = relu(q)`,
/// `k' = relu(k)`: `out = (Σ v k'ᵀ) q' / (Σ k'·q' + 1e-15)`.
public struct LinearAttention {
  let dimension: Int

  /// - Parameter dimension: channels of one head's q, k and v each, at most 32.
  public init(dimension: Int = 32) {
    precondition(dimension <= plain_panel_width, "heads of \(dimension) channels")
    self.dimension = dimension
  }

  /// - Parameter inputs: of equal extent, `3 · heads · dimension` channels each; they act as if
  ///   concatenated along channels.
  /// - Returns: `heads · dimension` channels, all inputs' heads in order.
  public func callAsFunction(_ inputs: [Activation], _ c: ComputeContext) throws -> Activation {
    let headWidth = 3 * dimension
    precondition(
      inputs.allSatisfy { $0.channels % headWidth == 0 && $0.extent == inputs[0].extent },
      "inputs of unequal extent, or parts of heads")
    let extent = inputs[0].extent
    let heads = inputs.map { $0.channels / headWidth }
    let output = try c.blank(extent, channels: heads.reduce(0, +) * dimension)
    var offset = 0
    for (input, count) in zip(inputs, heads) {
      try attend(input, heads: count, into: output, at: offset, c)
      offset += count * dimension
    }
    return output
  }

  private func attend(
    _ x: Activation, heads: Int, into output: Activation, at offset: Int, _ c: ComputeContext
  ) throws {
    let positions = x.extent.positions
    let blockSize = 512
    let blocks = (positions + blockSize - 1) / blockSize
    // One head's state: Σ k' vᵀ, then Σ k', as wide as a panel.
    let stateSize = Int(plain_panel_width * (plain_panel_width + 1))
    let bytes = heads * stateSize * MemoryLayout<Float>.stride
    let partial = try c.arena.allocate(blocks * bytes)
    let states = try c.arena.allocate(bytes)
    try c.perform(
      "linear attention", output: output,
      multiplyAdds: 2 * positions * heads * dimension * (dimension + 1)
    ) {
      let (parts, sums) = (partial.pointer(as: Float.self), states.pointer(as: Float.self))
      let source = UnsafeRawPointer(x.block.pointer)
      let target = output.block.pointer + offset * output.storage.bytes
      let rowBytes = x.channels * x.storage.bytes
      let (dimension, type) = (self.dimension, x.storage.kernelType)
      c.workers.run(blocks: blocks) { block, _ in
        let start = block * blockSize
        plain_linear_attention_state(
          source + start * rowBytes, type, min(blockSize, positions - start), heads, dimension,
          parts + block * heads * stateSize)
      }
      for i in 0..<heads * stateSize {
        var sum = 0.0
        for block in 0..<blocks { sum += Double(parts[block * heads * stateSize + i]) }
        sums[i] = Float(sum)
      }
      let outputRow = output.channels
      c.workers.run(blocks: blocks) { block, _ in
        let start = block * blockSize
        plain_linear_attention_apply(
          source + start * rowBytes, type, min(blockSize, positions - start), heads, dimension,
          sums, target + start * outputRow * x.storage.bytes, outputRow)
      }
    }
  }
}
