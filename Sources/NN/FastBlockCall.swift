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
    input.load(block)
    var former: FastTime.Product?
    for product in layout.group.kind.products {
      if former.map({ !$0.hasSameInput(as: product) }) ?? true { input.transform(block, product) }
      former = product
      multiply(block, product)
      output.add(block, product)
    }
    output.finish(block)
  }

  private func multiply(_ block: FastBlock, _ product: FastTime.Product) {
    let (layout, space) = (block.layout, block.layout.space)
    var call = fast_product()
    call.a_lines = layout.pointLines
    call.rows = block.tiles
    call.depth = task.inputChannels
    call.columns = layout.outputWidth
    call.out_lines = layout.productLines
    func points(_ product: Int) -> UnsafePointer<Float> {
      UnsafePointer(block.points + (weights.terms[product].first?.point ?? 0) * layout.pointStep)
    }
    for j in 0..<space.products {
      let terms = weights.terms[j]
      withUnsafeTemporaryAllocation(of: Int.self, capacity: terms.count) { taps in
        for (index, term) in terms.enumerated() {
          taps[index] = (term.point - (terms.first?.point ?? 0)) * layout.pointStep
        }
        call.taps = UnsafePointer(taps.baseAddress)
        call.tap_count = terms.count
        call.a = points(j)
        call.next_a = j + 1 < space.products ? points(j + 1) : nil
        call.panels = packed + weights.offset(set: product.set, product: j)
        call.out = block.products + j * layout.productStep
        kernels.multiply(&call)
      }
    }
  }
}
