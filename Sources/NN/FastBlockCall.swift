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

  /// Takes the steps in turn, each with the products at one point after those at another.
  private func slide(_ block: FastBlock, _ input: FastBlockInput, _ output: FastBlockOutput) {
    let (layout, steps) = (block.layout, block.steps)
    let outputs = layout.group.kind.outputs
    var frames = (0..<6).map { block.points + $0 * layout.frameStep }
    for (frame, points) in zip(steps.first?.inputs ?? [], frames) {
      input.transform(block, frame: frame, into: points)
    }
    for (index, step) in steps.enumerated() {
      for point in 0..<layout.space.products {
        multiply(block, point: point, of: frames.map { $0 + point * layout.pointStep })
      }
      // A frame that is finished makes room for one of the next step, whose first frames are known.
      let next = steps.dropFirst(index + 1).first?.inputs.suffix(outputs)
      for (place, frame) in step.outputs.enumerated() {
        output.finish(block, frames[place], frame: frame, index: index * outputs + place)
        if let next {
          input.transform(block, frame: next[next.startIndex + place], into: frames[place])
        }
      }
      frames = Array(frames[outputs...] + frames[..<outputs])
    }
  }

  /// Brings six input frames at a point to the four output frames, in the places of the first.
  private func multiply(
    _ block: FastBlock, point: Int, of frames: [UnsafeMutablePointer<Float>]
  ) {
    let layout = block.layout
    kernels.frames_to_sets(
      frames.map { UnsafePointer($0) }, block.operands, layout.operandStep, layout.operandStep)
    var call = call(block)
    call.batch = layout.group.kind.products.count
    call.a = UnsafePointer(block.operands)
    call.a_step = layout.operandStep
    call.panels = packed + weights.offset(set: 0, product: point)
    call.panels_step = weights.setStep
    call.out = block.products
    call.out_step = layout.productStep
    // The next point's are in a larger cache: fetched while products are made, they cost nothing.
    let hasNext = point + 1 < layout.space.products
    multiply(&call, ahead: hasNext ? frames.map { UnsafePointer($0 + layout.pointStep) } : nil)
    kernels.sets_to_frames(
      block.products, layout.productStep, frames.map(Optional.some), layout.productStep)
  }

  /// What all products of a block share.
  private func call(_ block: FastBlock) -> fast_product {
    var call = fast_product()
    call.a_lines = block.pointLines
    call.rows = block.tiles
    call.depth = task.inputChannels
    call.columns = block.layout.outputWidth
    call.out_lines = block.productLines
    return call
  }

  /// Multiplies one point with one matrix for each product, with `ahead` as `fast_product` has it.
  private func multiply(_ call: inout fast_product, ahead: [UnsafePointer<Float>?]? = nil) {
    withUnsafePointer(to: 0) { tap in
      call.taps = tap
      call.tap_count = 1
      guard let ahead else { return kernels.multiply(&call) }
      ahead.withUnsafeBufferPointer {
        call.ahead = $0.baseAddress
        kernels.multiply(&call)
      }
    }
  }

  /// Multiplies the points with the weights of `product`.
  private func multiply(_ block: FastBlock, _ product: FastTime.Product) {
    let (layout, space) = (block.layout, block.layout.space)
    let points = UnsafePointer(block.points)
    var call = call(block)
    guard !space.isRegular else {
      call.batch = space.products
      call.a = points
      call.a_step = layout.pointStep
      call.panels = packed + weights.offset(set: product.set, product: 0)
      call.panels_step = weights.matrixStep
      call.out = block.products
      call.out_step = layout.productStep
      return multiply(&call)
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
        call.panels = packed + weights.offset(set: product.set, product: j)
        call.out = block.products + j * layout.productStep
        let next = j + 1 < space.products ? points + first(j + 1) * layout.pointStep : nil
        withUnsafePointer(to: next) {
          call.ahead = $0
          kernels.multiply(&call)
        }
      }
    }
  }
}
