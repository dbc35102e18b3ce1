internal import CKernels

/// How the plain engine lays out a convolution's weights.
///
/// Panels of 32 output channels, `[group][panel][tap][input channel][32]`, filled up with zeros;
/// for depthwise convolutions blocks of 64 channels, `[block][tap][64]`.
struct PlainLayout {
  let groups: Int
  let inputsPerGroup: Int
  let outputsPerGroup: Int
  let taps: Int
  let isDepthwise: Bool

  init(_ task: ConvolutionTask) {
    groups = task.groups
    inputsPerGroup = task.inputChannels / task.groups
    outputsPerGroup = task.outputChannels / task.groups
    taps = task.kernel.product
    isDepthwise = task.isDepthwise
  }

  static let panelWidth = Int(plain_panel_width)
  static let depthwiseBlock = Int(plain_depthwise_block)

  var panelsPerGroup: Int { (outputsPerGroup + Self.panelWidth - 1) / Self.panelWidth }
  /// Values in one panel.
  var panelCount: Int { taps * inputsPerGroup * Self.panelWidth }

  var bytes: Int {
    let blocks = (groups + Self.depthwiseBlock - 1) / Self.depthwiseBlock
    let count =
      isDepthwise
      ? blocks * taps * Self.depthwiseBlock : groups * panelsPerGroup * panelCount
    return count * MemoryLayout<Float>.stride
  }

  func pack(
    _ weights: UnsafePointer<Float>, into packed: UnsafeMutablePointer<Float>,
    on workers: WorkerPool
  ) {
    if isDepthwise {
      packDepthwise(weights, into: packed)
      return
    }
    let (taps, inputs, width) = (taps, inputsPerGroup, Self.panelWidth)
    workers.run(blocks: groups * panelsPerGroup) { block, _ in
      let (group, panel) = (block / panelsPerGroup, block % panelsPerGroup)
      let first = group * outputsPerGroup + panel * width
      let used = min(width, outputsPerGroup - panel * width)
      let target = packed + block * panelCount
      for input in 0..<inputs {
        for tap in 0..<taps {
          let row = target + (tap * inputs + input) * width
          for column in 0..<used {
            row[column] = weights[((first + column) * inputs + input) * taps + tap]
          }
          for column in used..<width { row[column] = 0 }
        }
      }
    }
  }

  private func packDepthwise(
    _ weights: UnsafePointer<Float>, into packed: UnsafeMutablePointer<Float>
  ) {
    packed.update(repeating: 0, count: bytes / MemoryLayout<Float>.stride)
    let width = Self.depthwiseBlock
    for channel in 0..<groups {
      let block = packed + channel / width * width * taps + channel % width
      for tap in 0..<taps { block[tap * width] = weights[channel * taps + tap] }
    }
  }
}
