internal import CKernels

/// The packed weights of a convolution by ``FastSpace`` and ``FastTime``.
///
/// `[set][product][panel of 32 output channels][input channel][32]`, float32; the last panel has 16
/// columns where that is enough. Sets are the combinations of temporal taps that ``FastTime`` uses.
struct FastWeights {
  let task: ConvolutionTask
  /// The sets that the task's steps use, in order.
  let usedSets: [Int]
  let space: FastSpace

  init(_ task: ConvolutionTask, groups: [FastTime.Group]) {
    self.task = task
    usedSets = Set(groups.flatMap { $0.kind.products.map(\.set) }).sorted()
    space = FastSpace(task)
  }

  private var columns: Int { fast_padded(task.outputChannels) }
  /// Values of one product's weights.
  var productCount: Int { columns * task.inputChannels }
  var bytes: Int { usedSets.count * space.products * productCount * MemoryLayout<Float>.stride }
  /// Differs where the same layer would be packed otherwise.
  var layout: Int {
    let time = FastTime.sets(for: task).count
    return usedSets.reduce(time << 8 | space.productsPerAxis << 4) { $0 | 1 << $1 } + 1
  }

  /// Where the weights of `set` for `product` begin.
  func offset(set: Int, product: Int) -> Int {
    ((usedSets.firstIndex(of: set) ?? 0) * space.products + product) * productCount
  }

  func pack(
    _ weights: UnsafePointer<Float>, into packed: UnsafeMutablePointer<Float>,
    kernels: fast_kernels, on workers: WorkerPool
  ) {
    let sets = FastTime.sets(for: task)
    let time = usedSets.flatMap { sets[$0] }
    let axis = (0..<space.productsPerAxis).flatMap(space.factors)
    let (inputs, outputs) = (task.inputChannels, task.outputChannels)
    let (width, inputBlock) = (Int(fast_panel_width), 64)
    let panels = (columns + width - 1) / width
    let inputBlocks = (inputs + inputBlock - 1) / inputBlock
    workers.run(blocks: panels * inputBlocks) { block, _ in
      let panel = block % panels * width
      let firstInput = block / panels * inputBlock
      let panelWidth = min(width, columns - panel)
      time.withUnsafeBufferPointer { time in
        axis.withUnsafeBufferPointer { axis in
          var call = fast_weight_tiles(
            weights: weights, inputs: inputs, taps: task.kernel.t, first_out: panel,
            outs: min(width, outputs - panel), first_in: firstInput,
            ins: min(inputBlock, inputs - firstInput), time: time.baseAddress,
            sets: usedSets.count, space: axis.baseAddress,
            points: space.productsPerAxis,
            width: panelWidth, out: packed + panel * inputs + firstInput * panelWidth,
            set_step: space.products * productCount, product_step: productCount)
          kernels.transform_weights(&call)
        }
      }
    }
  }
}
