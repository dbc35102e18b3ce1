internal import CKernels

/// `x · silu(gate)`, with x the first and the gate the second half of the channels.
/// - Returns: half the channels.
public func gatedSiLU(_ x: consuming Activation, _ c: ComputeContext) throws -> Activation {
  let half = x.channels / 2
  precondition(half * 2 == x.channels, "\(x.channels) channels have no halves")
  let output = try c.blank(x.extent, channels: half)
  let source = x
  try c.perform("gated silu", output: output) {
    let (from, to) = (UnsafeRawPointer(source.block.pointer), output.block.pointer)
    let bytes = source.storage.bytes
    c.forPositionBlocks(of: source.extent) { start, count in
      plain_gated_silu(
        from + start * 2 * half * bytes, source.storage.kernelType, count, half,
        to + start * half * bytes)
    }
  }
  return output
}

/// The channels of `a` followed by those of `b`, at each position.
public func concat(
  _ a: consuming Activation, _ b: consuming Activation, _ c: ComputeContext
) throws -> Activation {
  precondition(a.extent == b.extent, "extents \(a.extent) and \(b.extent)")
  let output = try c.blank(a.extent, channels: a.channels + b.channels)
  let (first, second) = (a, b)
  try c.perform("concat", output: output) {
    let bytes = output.storage.bytes
    let (from, also) = (first.block.pointer, second.block.pointer)
    let to = output.block.pointer
    let (firstRow, secondRow) = (first.channels * bytes, second.channels * bytes)
    c.forPositionBlocks(of: output.extent) { start, count in
      for position in start..<start + count {
        let row = to + position * (firstRow + secondRow)
        row.copyMemory(from: from + position * firstRow, byteCount: firstRow)
        (row + firstRow).copyMemory(from: also + position * secondRow, byteCount: secondRow)
      }
    }
  }
  return output
}

extension ComputeContext {
  /// Calls `body(start, count)` on the workers for blocks of the flattened positions of `extent`.
  func forPositionBlocks(of extent: Extent, _ body: (_ start: Int, _ count: Int) -> Void) {
    let (positions, blockSize) = (extent.positions, 1024)
    workers.run(blocks: (positions + blockSize - 1) / blockSize) { block, _ in
      let start = block * blockSize
      body(start, min(blockSize, positions - start))
    }
  }
}
