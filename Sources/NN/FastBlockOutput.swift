internal import CKernels

/// Brings the products of a block of tiles to the output.
struct FastBlockOutput {
  private let task: ConvolutionTask
  private let kernels: fast_kernels
  private let buffers: ConvolutionBuffers
  /// The block's sums and sums of squares, `[step][output][2][channels]`.
  private let statistics: UnsafeMutablePointer<Double>?
  /// Which of a step's outputs have been added to.
  private var isStarted: [Bool]

  init(
    _ task: ConvolutionTask, _ buffers: ConvolutionBuffers, _ kernels: fast_kernels,
    _ block: FastBlock, statistics: UnsafeMutablePointer<Double>?
  ) {
    self.task = task
    self.kernels = kernels
    self.buffers = buffers
    self.statistics = statistics
    let outputs = block.layout.group.kind.outputs
    isStarted = Array(repeating: false, count: outputs)
    statistics?.update(
      repeating: 0, count: block.steps.count * outputs * 2 * task.outputChannels)
  }

  /// Takes one of the block's products.
  mutating func add(_ block: FastBlock, _ product: FastTime.Product) {
    if block.layout.finishesTiles {
      finishTiles(block)
    } else {
      transform(block, product)
      for contribution in product.contributions { isStarted[contribution.output] = true }
    }
  }

  /// Finishes and stores what was added up.
  func finish(_ block: FastBlock) {
    if !block.layout.finishesTiles { finishSums(block) }
  }

  private func call(_ block: FastBlock) -> fast_output_tiles {
    var call = fast_output_tiles()
    call.algorithm = block.layout.space.algorithm
    call.products = UnsafePointer(block.products)
    call.product_step = block.layout.productStep
    call.lines = block.productLines
    call.tiles = block.x.count
    call.channels = block.layout.outputWidth
    return call
  }

  /// Transforms products back and adds them to the sums of their outputs.
  private func transform(_ block: FastBlock, _ product: FastTime.Product) {
    let (layout, scale) = (block.layout, block.layout.scale)
    var call = call(block)
    call.contribution_count = product.contributions.count
    call.row_step = scale * layout.sumsRowCount
    call.target_line_step = layout.sumsSteps.line
    let phases = scale == 1 ? [FAST_WHOLE] : [FAST_EVEN, FAST_ODD]
    var tile = 0
    for step in 0..<block.steps.count {
      for row in 0..<block.y.count {
        call.first = tile
        for (y, vertical) in phases.enumerated() {
          for (x, horizontal) in phases.enumerated() {
            (call.vertical, call.horizontal) = (vertical, horizontal)
            let offset =
              (layout.space.side * row * scale + y) * layout.sumsRowCount + x * layout.sumsSteps.row
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
  private func finishTiles(_ block: FastBlock) {
    let side = block.layout.space.side
    let writer = FastWriter(task, buffers, kernels)
    var call = call(block)
    let x = side * block.x.lowerBound
    let wanted = min(side * block.x.upperBound, task.output.width) - x
    var tile = 0
    var statistics = statistics
    for step in block.steps {
      for row in block.y {
        call.first = tile
        writer.finish(
          call, frame: step.outputs[0], y: side * row, x: x, columns: wanted,
          statistics: statistics)
        tile += block.x.count
      }
      statistics = statistics.map { $0 + 2 * task.outputChannels }
    }
  }

  /// Finishes and stores a frame that was made at the points, the `index`-th of the block.
  func finish(_ block: FastBlock, _ points: UnsafePointer<Float>, frame: Int, index: Int) {
    let (layout, side) = (block.layout, block.layout.space.side)
    let writer = FastWriter(task, buffers, kernels)
    let statistics = statistics.map { $0 + index * 2 * task.outputChannels }
    let x = side * block.x.lowerBound
    let wanted = min(side * block.x.upperBound, task.output.width) - x
    var call = call(block)
    call.products = points
    call.product_step = layout.pointStep
    call.contributions.0 = fast_contribution(target: block.sums, factor: 1, accumulates: 0)
    call.contribution_count = 1
    call.row_step = layout.sumsRowCount
    call.target_line_step = layout.sumsSteps.line
    for row in block.y {
      if layout.finishesTiles {
        writer.finish(
          call, frame: frame, y: side * row, x: x, columns: wanted, statistics: statistics)
      } else {
        kernels.transform_output(&call)
        for y in side * row..<min(side * (row + 1), task.output.height) {
          writer.finish(
            block.sums + (y - side * row) * layout.sumsRowCount, steps: layout.sumsSteps,
            position: (frame * task.output.height + y) * task.output.width + x, count: wanted,
            statistics: statistics)
        }
      }
      call.first += block.x.count
    }
  }

  private func finishSums(_ block: FastBlock) {
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
            sums + (row - rows.lowerBound) * layout.sumsRowCount,
            steps: layout.sumsSteps,
            position: (frame * task.output.height + row) * task.output.width + first,
            count: count, statistics: statistics)
        }
        sums += layout.sumsFrameCount
        statistics = statistics.map { $0 + 2 * task.outputChannels }
      }
    }
  }
}
