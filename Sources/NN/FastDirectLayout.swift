#if ONEDNN
  internal import CKernels

  /// How direct convolutions' weights are packed.
  ///
  /// `[group][panel of 32 output channels][temporal and vertical tap][horizontal tap and input
  /// channel][32]`, the last panel of a group with 16 columns where that is enough; for depthwise
  /// convolutions `[tap][channel]`, in whole vectors.
  struct FastDirectLayout {
    let task: ConvolutionTask
    /// Whether products are of bfloat16: two values then lie in a float's place, of the weights those
    /// of an even input channel and the next. bfloat16 storage, and a CPU that has the instruction.
    let isPaired: Bool

    init(_ task: ConvolutionTask, _ kernels: fast_kernels) {
      self.task = task
      isPaired =
        kernels.multiply_pairs != nil && task.storage == .bf16 && !task.isDepthwise
        && (task.inputChannels / task.groups).isMultiple(of: 2) && !task.hasRMSInput
    }

    var inputsPerGroup: Int { task.inputChannels / task.groups }
    var outputsPerGroup: Int { task.outputChannels / task.groups }
    /// A plain matrix product, which oneDNN does: packed as `[in][out]`. It makes a copy of the matrix
    /// for each block of rows, which costs too much where that is large and each row short. The code
    /// that it makes when it is first called takes longer than all of a narrow model's products.
    var isMatrix: Bool {
      let count = task.inputChannels * task.outputChannels
      let isLarge = count >= 1 << 20 && task.outputChannels > task.inputChannels
      return task.isPointwise && task.groups == 1 && !isPaired && !isLarge && count >= 1 << 14
    }
    /// Places of a float that the values of one group take at one position.
    var width: Int { isPaired ? inputsPerGroup / 2 : inputsPerGroup }
    /// Horizontal taps of which a position's line holds all channels: where there are few, as of a
    /// picture, the taps of a row take one line.
    var tapsPerLine: Int {
      let fits = task.kernel.w > 1 && task.kernel.w * task.inputChannels <= Int(fast_lane_count)
      return fits && task.groups == 1 && task.stride.w == 1 && task.upsampling == .none
        && task.inputNorm == .none && !isPaired ? task.kernel.w : 1
    }
    /// Places of a line that are multiplied.
    var lineWidth: Int { tapsPerLine * width }
    /// Rows of a panel.
    var depth: Int { task.kernel.product * width }
    /// Floats' places of one group's panels.
    var groupCount: Int { fast_padded(outputsPerGroup) * depth }
    /// Values of one tap of a depthwise convolution.
    var depthwiseStep: Int { fast_padded(task.outputChannels) }
    /// Differs where the same layer would be packed otherwise.
    var layout: Int { isPaired ? 1 : 0 }

    var bytes: Int {
      let count =
        isMatrix
        ? task.inputChannels * task.outputChannels
        : task.isDepthwise ? task.kernel.product * depthwiseStep : task.groups * groupCount
      return count * MemoryLayout<Float>.stride
    }

    func pack(
      _ weights: UnsafePointer<Float>, into packed: UnsafeMutablePointer<Float>,
      on workers: WorkerPool
    ) {
      if isMatrix {
        workers.run(blocks: (task.outputChannels + panelWidth - 1) / panelWidth) { block, _ in
          packMatrixColumns(from: block * panelWidth, weights, into: packed)
        }
      } else if task.isDepthwise {
        packDepthwise(weights, into: packed)
      } else {
        let panels = (fast_padded(outputsPerGroup) + panelWidth - 1) / panelWidth
        workers.run(blocks: task.groups * panels) { block, _ in
          packPanel(block % panels * panelWidth, ofGroup: block / panels, weights, into: packed)
        }
      }
    }

    private var panelWidth: Int { Int(fast_panel_width) }

    private func packMatrixColumns(
      from first: Int, _ weights: UnsafePointer<Float>, into packed: UnsafeMutablePointer<Float>
    ) {
      for input in 0..<task.inputChannels {
        for output in first..<min(first + panelWidth, task.outputChannels) {
          packed[input * task.outputChannels + output] =
            weights[output * task.inputChannels + input]
        }
      }
    }

    private func packDepthwise(
      _ weights: UnsafePointer<Float>, into packed: UnsafeMutablePointer<Float>
    ) {
      let taps = task.kernel.product
      packed.update(repeating: 0, count: taps * depthwiseStep)
      for channel in 0..<task.outputChannels {
        for tap in 0..<taps {
          packed[tap * depthwiseStep + channel] = weights[channel * taps + tap]
        }
      }
    }

    /// Packs the panel whose first column is output channel `first` of `group`.
    private func packPanel(
      _ first: Int, ofGroup group: Int, _ weights: UnsafePointer<Float>,
      into packed: UnsafeMutablePointer<Float>
    ) {
      let (inputs, outputs, taps) = (inputsPerGroup, outputsPerGroup, task.kernel.product)
      let columns = min(panelWidth, fast_padded(outputs) - first)
      let target = packed + group * groupCount + first * depth
      for column in 0..<columns {
        guard first + column < outputs else {
          for row in 0..<depth { target[row * columns + column] = 0 }
          continue
        }
        let source = weights + (group * outputs + first + column) * inputs * taps
        for tap in 0..<taps {
          let rows = target + tap * width * columns + column
          for place in 0..<width {
            rows[place * columns] =
              isPaired
              ? Self.pair(source[2 * place * taps + tap], source[(2 * place + 1) * taps + tap])
              : source[place * taps + tap]
          }
        }
      }
    }

    /// Two values as bfloat16 in a float's place, the first in its lower half.
    private static func pair(_ a: Float, _ b: Float) -> Float {
      func bits(_ x: Float) -> UInt32 {
        (x.bitPattern + 0x7fff + (x.bitPattern >> 16 & 1)) >> 16
      }
      return Float(bitPattern: bits(a) | bits(b) << 16)
    }
  }
#endif
