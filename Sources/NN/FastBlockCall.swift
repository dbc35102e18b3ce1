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

  /// Where a block lies, and its parts of the scratch memory.
  private struct Block {
    var layout: FastTileLayout
    var steps: ArraySlice<FastTime.Step>
    var y: Range<Int>
    var x: Range<Int>
    var frames: Range<Int>
    var input: UnsafeMutablePointer<Float>
    var points: UnsafeMutablePointer<Float>
    var products: UnsafeMutablePointer<Float>
    var sums: UnsafeMutablePointer<Float>
    var tiles: Int { steps.count * y.count * x.count }

    init(_ layout: FastTileLayout, _ index: Int, _ scratch: UnsafeMutablePointer<Float>) {
      self.layout = layout
      (steps, y, x) = layout.place(of: index)
      frames = FastTileLayout.frames(of: steps)
      input = scratch
      points = input + layout.inputFrames * layout.inputFrameCount
      products = points + layout.pointsCount
      sums = products + layout.productsCount
    }

    /// The block's copy of an input frame; nil is a frame of zeros.
    func inputFrame(_ frame: Int?) -> UnsafeMutablePointer<Float> {
      input + (frame.map { $0 - frames.lowerBound } ?? frames.count) * layout.inputFrameCount
    }
  }

  /// Computes one block; `sums` is where the group's statistics begin.
  func run(
    _ layout: FastTileLayout, block index: Int, scratch: UnsafeMutablePointer<Float>,
    sums: UnsafeMutablePointer<Double>?
  ) {
    let block = Block(layout, index, scratch)
    let statistics = sums.map { $0 + layout.sumsStart(block: index) }
    if layout.isSingle {
      transformSingle(block)
    } else {
      loadInput(block)
    }
    if layout.finishesTiles { clear(statistics, block) }
    var former: FastTime.Product?
    var isStarted = Array(repeating: false, count: layout.group.kind.outputs)
    for product in layout.group.kind.products {
      let isSame = former.map { $0.hasSameInput(as: product) } ?? false
      if !layout.isSingle && !isSame { transformInput(block, product) }
      former = product
      for column in stride(from: 0, to: fast_padded(task.outputChannels), by: layout.slab) {
        let columns = min(layout.slab, fast_padded(task.outputChannels) - column)
        multiply(block, product, column: column, columns: columns)
        if layout.finishesTiles {
          finishTiles(block, column: column, columns: columns, statistics: statistics)
        } else {
          transformOutput(block, product, isStarted: isStarted, column: column, columns: columns)
        }
      }
      for contribution in product.contributions { isStarted[contribution.output] = true }
    }
    if !layout.finishesTiles {
      clear(statistics, block)
      finish(block, statistics: statistics)
    }
  }

  private func clear(_ statistics: UnsafeMutablePointer<Double>?, _ block: Block) {
    let frames = block.steps.count * block.layout.group.kind.outputs
    statistics?.update(repeating: 0, count: frames * 2 * task.outputChannels)
  }

  /// Fills the block's copy of the input: normalised, and padded at the borders.
  private func loadInput(_ block: Block) {
    let layout = block.layout
    let rows = layout.space.side * block.y.count + 2
    let reader = FastReader(task, buffers, kernels)
    for frame in block.frames {
      loadRows(0..<rows, of: frame, block, reader, into: block.inputFrame(frame))
    }
    if block.steps.contains(where: { $0.inputs.contains(nil) }) {
      block.inputFrame(nil).update(repeating: 0, count: layout.inputFrameCount)
    }
  }

  /// Loads rows of a frame, counted from the block's first on, behind each other.
  private func loadRows(
    _ rows: Range<Int>, of frame: Int, _ block: Block, _ reader: FastReader,
    into target: UnsafeMutablePointer<Float>
  ) {
    let (layout, side) = (block.layout, block.layout.space.side)
    let (top, left) = (side * block.y.lowerBound - 1, side * block.x.lowerBound - 1)
    let columns = side * block.x.count + 2
    for (index, row) in rows.enumerated() {
      reader.load(
        frame: frame, row: top + row, columns: left..<left + columns,
        into: target + index * layout.inputColumns * layout.inputWidth, step: layout.inputWidth)
    }
  }

  /// Loads and transforms the input of a single product, a row of tiles at a time.
  private func transformSingle(_ block: Block) {
    let (layout, side) = (block.layout, block.layout.space.side)
    let product = layout.group.kind.products[0]
    let reader = FastReader(task, buffers, kernels)
    let rowCount = layout.inputColumns * layout.inputWidth
    var call = inputCall(block, product)
    var tile = 0
    for step in block.steps {
      guard let frame = step.inputs[product.first.frame] else { continue }
      for row in 0..<block.y.count {
        // The last two rows are the next ones' first.
        if row > 0 { block.input.update(from: block.input + side * rowCount, count: 2 * rowCount) }
        let known = row == 0 ? 0 : 2
        loadRows(
          side * row + known..<side * row + side + 2, of: frame, block, reader,
          into: block.input + known * rowCount)
        call.a = UnsafePointer(block.input)
        call.out = block.points + tile * layout.pointTileStep
        kernels.transform_input(&call)
        tile += block.x.count
      }
    }
  }

  private func inputCall(_ block: Block, _ product: FastTime.Product) -> fast_input_tiles {
    let layout = block.layout
    var call = fast_input_tiles()
    call.side = layout.space.side
    call.a_factor = product.first.factor
    call.b_factor = product.second?.factor ?? 0
    call.row_step = layout.inputColumns * layout.inputWidth
    call.column_step = layout.inputWidth
    call.tiles = block.x.count
    call.channels = layout.inputWidth
    call.point_step = layout.pointStep
    call.tile_step = layout.pointTileStep
    return call
  }

  private func transformInput(_ block: Block, _ product: FastTime.Product) {
    let layout = block.layout
    var call = inputCall(block, product)
    var tile = 0
    for step in block.steps {
      for row in 0..<block.y.count {
        let offset = call.side * row * call.row_step
        call.a = UnsafePointer(block.inputFrame(step.inputs[product.first.frame]) + offset)
        call.b = product.second.map {
          UnsafePointer(block.inputFrame(step.inputs[$0.frame]) + offset)
        }
        call.out = block.points + tile * layout.pointTileStep
        kernels.transform_input(&call)
        tile += block.x.count
      }
    }
  }

  private func multiply(_ block: Block, _ product: FastTime.Product, column: Int, columns: Int) {
    let (layout, space) = (block.layout, block.layout.space)
    withUnsafePointer(to: 0) { tap in
      var call = fast_product()
      call.a_step = layout.pointTileStep
      call.rows = block.tiles
      call.taps = tap
      call.tap_count = 1
      call.depth = task.inputChannels
      call.columns = columns
      call.out_step = layout.slab
      for j in 0..<space.products {
        call.a = UnsafePointer(block.points + space.point(of: j) * layout.pointStep)
        call.next_a =
          j + 1 < space.products
          ? UnsafePointer(block.points + space.point(of: j + 1) * layout.pointStep) : nil
        call.panels =
          packed + weights.offset(set: product.set, product: j) + column * task.inputChannels
        call.out = block.products + j * layout.productStep
        kernels.multiply(&call)
      }
    }
  }

  private func transformOutput(
    _ block: Block, _ product: FastTime.Product, isStarted: [Bool], column: Int, columns: Int
  ) {
    let (layout, scale) = (block.layout, block.layout.scale)
    var call = fast_output_tiles()
    call.side = layout.space.side
    call.product_step = layout.productStep
    call.tile_step = layout.slab
    call.tiles = block.x.count
    call.channels = columns
    call.contribution_count = product.contributions.count
    call.row_step = scale * layout.sumsRowCount
    call.column_step = scale * layout.sumsWidth
    let phases = scale == 1 ? [FAST_WHOLE] : [FAST_EVEN, FAST_ODD]
    var tile = 0
    for step in 0..<block.steps.count {
      for row in 0..<block.y.count {
        call.products = UnsafePointer(block.products + tile * layout.slab)
        for (y, vertical) in phases.enumerated() {
          for (x, horizontal) in phases.enumerated() {
            (call.vertical, call.horizontal) = (vertical, horizontal)
            let offset =
              (call.side * row * scale + y) * layout.sumsRowCount + x * layout.sumsWidth + column
            func contribution(_ index: Int) -> fast_contribution {
              let part = product.contributions[min(index, product.contributions.count - 1)]
              let frame = step * layout.group.kind.outputs + part.output
              return fast_contribution(
                target: block.sums + frame * layout.sumsFrameCount + offset, factor: part.factor,
                accumulates: isStarted[part.output] ? 1 : 0)
            }
            call.contributions = (contribution(0), contribution(1))
            kernels.transform_output(&call)
          }
        }
        tile += block.x.count
      }
    }
  }

  /// Transforms the products of a block's single product back and stores the finished tiles.
  private func finishTiles(
    _ block: Block, column: Int, columns: Int, statistics: UnsafeMutablePointer<Double>?
  ) {
    let (layout, side) = (block.layout, block.layout.space.side)
    let writer = FastWriter(
      task, buffers, kernels, channels: column..<min(column + columns, task.outputChannels))
    var call = fast_output_tiles()
    call.side = side
    call.product_step = layout.productStep
    call.tile_step = layout.slab
    call.tiles = block.x.count
    let x = side * block.x.lowerBound
    let wanted = min(side * block.x.upperBound, task.output.width) - x
    var tile = 0
    var statistics = statistics
    for step in block.steps {
      for row in block.y {
        call.products = UnsafePointer(block.products + tile * layout.slab)
        writer.finish(
          call, frame: step.outputs[0], y: side * row, x: x, columns: wanted,
          statistics: statistics)
        tile += block.x.count
      }
      statistics = statistics.map { $0 + 2 * task.outputChannels }
    }
  }

  private func finish(_ block: Block, statistics: UnsafeMutablePointer<Double>?) {
    let (layout, scale) = (block.layout, block.layout.scale)
    let writer = FastWriter(task, buffers, kernels)
    let side = layout.space.side * scale
    let rows = side * block.y.lowerBound..<min(side * block.y.upperBound, task.output.height)
    let first = side * block.x.lowerBound
    let count = min(side * block.x.upperBound, task.output.width) - first
    var sums = block.sums
    var statistics = statistics
    for step in block.steps {
      for frame in step.outputs {
        for row in rows {
          writer.finish(
            sums + (row - rows.lowerBound) * layout.sumsRowCount, step: layout.sumsWidth,
            position: (frame * task.output.height + row) * task.output.width + first,
            count: count, statistics: statistics)
        }
        sums += layout.sumsFrameCount
        statistics = statistics.map { $0 + 2 * task.outputChannels }
      }
    }
  }
}
