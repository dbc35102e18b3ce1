internal import CKernels

/// A norm made ready for the convolution behind it: scale and shift per channel.
///
/// For a group norm the statistics are folded in, `[channels]` or `[frames, channels]`; for an RMS
/// norm these are its weight and bias.
struct NormParameters {
  let scale: ArenaBlock
  let shift: ArenaBlock

  init(_ norm: Norm, of x: Activation, _ c: ComputeContext) throws {
    switch norm {
    case .rms(let norm):
      scale = try c.vector(norm.weight)
      shift = try c.vector(norm.bias)
    case .group(let norm):
      let rows = norm.isPerFrame ? x.extent.frames : 1
      let bytes = rows * x.channels * MemoryLayout<Float>.stride
      let (scale, shift) = (try c.arena.allocate(bytes), try c.arena.allocate(bytes))
      let sums = try x.sums ?? c.channelSums(of: x)
      let weight = try c.vector(norm.weight)
      let bias = try c.vector(norm.bias)
      if !c.isPlanning {
        fold(
          norm, extent: x.extent, channels: x.channels, sums: sums.pointer(as: Double.self),
          weight: weight.pointer(as: Float.self), bias: bias.pointer(as: Float.self),
          scale: scale.pointer(as: Float.self), shift: shift.pointer(as: Float.self))
      }
      (self.scale, self.shift) = (scale, shift)
    }
  }
}

/// `scale = weight/σ`, `shift = bias − mean·weight/σ`, from the sums of each frame and channel.
private func fold(
  _ norm: GroupNorm, extent: Extent, channels: Int, sums: UnsafePointer<Double>,
  weight: UnsafePointer<Float>, bias: UnsafePointer<Float>,
  scale: UnsafeMutablePointer<Float>, shift: UnsafeMutablePointer<Float>
) {
  let groupSize = channels / norm.groups
  let rows = norm.isPerFrame ? extent.frames : 1
  let framesPerRow = extent.frames / rows
  let count = Double(framesPerRow * extent.height * extent.width * groupSize)
  for row in 0..<rows {
    for group in 0..<norm.groups {
      var (sum, squares) = (0.0, 0.0)
      for frame in row * framesPerRow..<(row + 1) * framesPerRow {
        for channel in group * groupSize..<(group + 1) * groupSize {
          sum += sums[frame * 2 * channels + channel]
          squares += sums[(frame * 2 + 1) * channels + channel]
        }
      }
      let mean = sum / count
      let variance = max(squares / count - mean * mean, 0)
      let inverse = 1 / (variance + Double(norm.epsilon)).squareRoot()
      for channel in group * groupSize..<(group + 1) * groupSize {
        let factor = Double(weight[channel]) * inverse
        scale[row * channels + channel] = Float(factor)
        shift[row * channels + channel] = Float(Double(bias[channel]) - mean * factor)
      }
    }
  }
}

extension ComputeContext {
  /// Sums of each channel and of their squares in each frame, `[frames, 2, channels]` doubles.
  ///
  /// Plain sums of squares do in double: float32 values leave 29 bits for the mean to cancel in.
  func channelSums(of x: Activation) throws -> ArenaBlock {
    let positions = x.extent.height * x.extent.width
    let blockSize = 2048
    let blocksPerFrame = (positions + blockSize - 1) / blockSize
    let frames = x.extent.frames
    let row = 2 * x.channels
    let sums = try arena.allocate(frames * row * MemoryLayout<Double>.stride)
    let partial = try arena.allocate(
      frames * blocksPerFrame * row * MemoryLayout<Double>.stride)
    try perform("norm statistics", output: x) {
      let source = UnsafeRawPointer(x.block.pointer)
      let parts = partial.pointer(as: Double.self)
      let total = sums.pointer(as: Double.self)
      let valueBytes = x.storage.bytes
      workers.run(blocks: frames * blocksPerFrame) { block, _ in
        let (frame, part) = (block / blocksPerFrame, block % blocksPerFrame)
        let start = part * blockSize
        let count = min(blockSize, positions - start)
        plain_channel_sums(
          source + (frame * positions + start) * x.channels * valueBytes, x.storage.kernelType,
          count, x.channels, parts + block * row)
      }
      for frame in 0..<frames {
        let target = total + frame * row
        target.update(repeating: 0, count: row)
        for block in frame * blocksPerFrame..<(frame + 1) * blocksPerFrame {
          for i in 0..<row { target[i] += parts[block * row + i] }
        }
      }
    }
    return sums
  }
}

extension Precision {
  /// The storage type as the C kernels name it.
  var kernelType: plain_type { self == .f32 ? PLAIN_F32 : PLAIN_BF16 }
}
