internal import CKernels

/// The work on one block of tiles of a ``FastWinograd``.
struct FastBlockCall {
  private let task: ConvolutionTask
  private let kernels: fast_kernels
  private let weights: FastWeights
  private let buffers: ConvolutionBuffers
  private let packed: UnsafePointer<Float>

  init(winograd: FastWinograd, buffers: ConvolutionBuffers) {
    task = winograd.task
    kernels = winograd.kernels
    weights = winograd.weights
    self.buffers = buffers
    packed = buffers.weights.assumingMemoryBound(to: Float.self)
  }

  /// Computes one block; `sums` is where the group's statistics begin.
  func run(
    _ layout: FastTileLayout, block index: Int, scratch: UnsafeMutablePointer<Float>,
    sums: UnsafeMutablePointer<Double>?
  ) {
    let block = FastBlock(layout, index, scratch)
    let input = FastBlockInput(task, buffers, kernels)
    var output = FastBlockOutput(
      task, buffers, kernels, block, statistics: sums.map { $0 + layout.sumsStart(block: index) })
    guard !layout.slides else { return slide(block, input, output) }
    input.load(block)
    var former: FastTime.Product?
    for product in layout.group.kind.products {
      if former?.inputs != product.inputs { input.transform(block, product) }
      former = product
      multiply(block, product)
      output.add(block, product)
    }
    output.finish(block)
  }

  private func slide(_ block: FastBlock, _ input: FastBlockInput, _ output: FastBlockOutput) {
    for (index, step) in block.steps.enumerated() {
      input.slide(block, to: step, starts: index == 0)
      for (set, product) in block.layout.group.kind.products.enumerated() {
        multiply(block, product, set: set)
      }
      output.finishCubes(block, step, index: index)
    }
  }

  /// Multiplies the points of a set with the weights of `product`.
  private func multiply(_ block: FastBlock, _ product: FastTime.Product, set: Int = 0) {
    let (layout, space) = (block.layout, block.layout.space)
    let points = UnsafePointer(block.points + set * layout.pointSetStep)
    let products = block.products + set * layout.productSetStep
    var call = fast_product()
    call.a_lines = block.pointLines
    call.rows = block.tiles
    call.depth = task.inputChannels
    call.columns = layout.outputWidth
    call.out_lines = block.productLines
    guard !space.isRegular else {
      withUnsafePointer(to: 0) { tap in
        call.taps = tap
        call.tap_count = 1
        call.batch = space.products
        call.a = points
        call.a_step = layout.pointStep
        call.panels = packed + weights.offset(set: product.set, product: 0)
        call.panels_step = weights.matrixCount
        call.out = products
        call.out_step = layout.productStep
        kernels.multiply(&call)
      }
      return
    }
    call.batch = 1
    func first(_ product: Int) -> Int { space.terms[product].first?.point ?? 0 }
    for j in 0..<space.products {
      let terms = space.terms[j]
      withUnsafeTemporaryAllocation(of: Int.self, capacity: terms.count) { taps in
        for (index, term) in terms.enumerated() {
          taps[index] = (term.point - first(j)) * layout.pointStep
        }
        call.taps = UnsafePointer(taps.baseAddress)
        call.tap_count = terms.count
        call.a = points + first(j) * layout.pointStep
        call.next_a = j + 1 < space.products ? points + first(j + 1) * layout.pointStep : nil
        call.panels = packed + weights.offset(set: product.set, product: j)
        call.out = products + j * layout.productStep
        kernels.multiply(&call)
      }
    }
  }
}
