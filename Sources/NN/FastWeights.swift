internal import CKernels

/// The packed weights of a convolution by F(4×4, 3×3) in space.
///
/// `[set][product][panel of 32 output channels][input channel][32]`, float32; the last panel has 16
/// columns where that is enough. Sets are the combinations of temporal taps that ``FastTime`` uses;
/// there are 36 products for each, or 81 with upsampled space, where the four phases share some.
struct FastWeights {
  let task: ConvolutionTask
  /// The sets that the task's steps use, in order.
  let usedSets: [Int]
  let productsPerAxis: Int

  init(_ task: ConvolutionTask, groups: [FastTime.Group]) {
    self.task = task
    usedSets = Set(groups.flatMap { $0.kind.products.map(\.set) }).sorted()
    productsPerAxis = task.upsampling.spaceFactor == 2 ? fast_upsampled_count : fast_point_count
  }

  var products: Int { productsPerAxis * productsPerAxis }
  private var columns: Int { fast_padded(task.outputChannels) }
  /// Values of one product's weights.
  var productCount: Int { columns * task.inputChannels }
  var bytes: Int { usedSets.count * products * productCount * MemoryLayout<Float>.stride }
  /// Differs where the same layer would be packed otherwise.
  var layout: Int {
    let time = FastTime.sets(for: task).count
    return usedSets.reduce(time << 8 | productsPerAxis << 4) { $0 | 1 << $1 } + 1
  }

  /// Where the weights of `set` for `product` begin.
  func offset(set: Int, product: Int) -> Int {
    ((usedSets.firstIndex(of: set) ?? 0) * products + product) * productCount
  }

  func pack(
    _ weights: UnsafePointer<Float>, into packed: UnsafeMutablePointer<Float>,
    kernels: fast_kernels, on workers: WorkerPool
  ) {
    let sets = FastTime.sets(for: task)
    let time = usedSets.flatMap { sets[$0] }
    let space = (0..<productsPerAxis).flatMap(axisFactors)
    let (inputs, outputs) = (task.inputChannels, task.outputChannels)
    let (width, inputBlock) = (Int(fast_panel_width), 64)
    let panels = (columns + width - 1) / width
    let inputBlocks = (inputs + inputBlock - 1) / inputBlock
    workers.run(blocks: panels * inputBlocks) { block, _ in
      let panel = block % panels * width
      let firstInput = block / panels * inputBlock
      let panelWidth = min(width, columns - panel)
      time.withUnsafeBufferPointer { time in
        space.withUnsafeBufferPointer { space in
          var call = fast_weight_tiles(
            weights: weights, inputs: inputs, taps: task.kernel.t, first_out: panel,
            outs: min(width, outputs - panel), first_in: firstInput,
            ins: min(inputBlock, inputs - firstInput), time: time.baseAddress,
            sets: usedSets.count, space: space.baseAddress, points: productsPerAxis,
            width: panelWidth, out: packed + panel * inputs + firstInput * panelWidth,
            set_step: products * productCount, product_step: productCount)
          kernels.transform_weights(&call)
        }
      }
    }
  }

  /// The factors of an axis' three taps in one of its products.
  private func axisFactors(_ product: Int) -> [Float] {
    let points: [[Float]] = [
      [1 / 4, 0, 0], [-1 / 6, -1 / 6, -1 / 6], [-1 / 6, 1 / 6, -1 / 6],
      [1 / 24, 1 / 12, 1 / 6], [1 / 24, -1 / 12, 1 / 6], [0, 0, 1],
    ]
    guard task.upsampling.spaceFactor == 2 else { return points[product] }
    // Even samples of the upsampled axis see the input through (w0, w1 + w2, 0), odd ones through
    // (0, w0 + w1, w2).
    let row = points[fast_upsampled_point(product)]
    return product < 5 ? [row[0], row[1], row[1]] : [row[1], row[1], row[2]]
  }
}
