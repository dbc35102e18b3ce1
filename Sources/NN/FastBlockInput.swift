internal import CKernels

/// Brings the input of a block of tiles to the points of ``FastSpace``.
struct FastBlockInput {
  private let kernels: fast_kernels
  private let reader: FastReader

  init(_ task: ConvolutionTask, _ buffers: ConvolutionBuffers, _ kernels: fast_kernels) {
    self.kernels = kernels
    reader = FastReader(task, buffers, kernels)
  }

  /// Makes ready for ``transform(_:_:)``.
  func load(_ block: FastBlock) {
    if !block.layout.isSingle { loadFrames(block) }
  }

  /// Transforms the input of one of the block's products.
  func transform(_ block: FastBlock, _ product: FastTime.Product) {
    if block.layout.isSingle {
      transformRows(block, product)
    } else {
      transformFrames(block, product)
    }
  }

  /// Fills the block's copy of the input: normalised, and padded at the borders.
  private func loadFrames(_ block: FastBlock) {
    let layout = block.layout
    let rows = layout.space.step * (block.y.count - 1) + layout.space.inputs
    for frame in block.frames {
      loadRows(0..<rows, of: frame, block, into: block.inputFrame(frame))
    }
    if block.steps.contains(where: { $0.inputs.contains(nil) }) {
      block.inputFrame(nil).update(repeating: 0, count: layout.inputFrameCount)
    }
  }

  /// Loads rows of a frame, counted from the block's first on, behind each other.
  private func loadRows(
    _ rows: Range<Int>, of frame: Int, _ block: FastBlock,
    into target: UnsafeMutablePointer<Float>
  ) {
    let (layout, space, padding) = (block.layout, block.layout.space, reader.padding)
    let (top, left) = (
      space.step * block.y.lowerBound - padding.h, space.step * block.x.lowerBound - padding.w
    )
    let columns = space.step * (block.x.count - 1) + space.inputs
    for (index, row) in rows.enumerated() {
      reader.load(
        frame: frame, row: top + row, columns: left..<left + columns,
        into: target + index * layout.inputRowCount,
        steps: FastSteps(linesOf: layout.inputColumns))
    }
  }

  /// Loads the rows of a frame that a row of tiles sees, where those of the row before may lie; nil is
  /// a frame of zeros.
  private func loadTileRow(
    _ row: Int, of frame: Int?, _ block: FastBlock, into target: UnsafeMutablePointer<Float>
  ) {
    let (rowCount, space) = (block.layout.inputRowCount, block.layout.space)
    guard let frame else {
      return target.update(repeating: 0, count: block.layout.inputFrameCount)
    }
    // The last rows are the next ones' first.
    let known = row == 0 ? 0 : space.inputs - space.step
    target.update(from: target + space.step * rowCount, count: known * rowCount)
    let first = space.step * row
    loadRows(
      first + known..<first + space.inputs, of: frame, block, into: target + known * rowCount)
  }

  /// Loads and transforms the input of a single product, a row of tiles at a time.
  private func transformRows(_ block: FastBlock, _ product: FastTime.Product) {
    var call = call(block)
    call.parts.0 = fast_part(first: block.input, factor: product.inputs[0].factor)
    call.part_count = 1
    var tile = 0
    for step in block.steps {
      for row in 0..<block.y.count {
        loadTileRow(row, of: step.inputs[product.inputs[0].frame], block, into: block.input)
        call.first = tile
        kernels.transform_input(&call)
        tile += block.x.count
      }
    }
  }

  /// Loads and transforms a frame, or one of zeros.
  func transform(_ block: FastBlock, frame: Int?, into points: UnsafeMutablePointer<Float>) {
    var call = call(block)
    call.out = points
    call.parts.0 = fast_part(first: block.input, factor: 1)
    call.part_count = 1
    for row in 0..<block.y.count {
      loadTileRow(row, of: frame, block, into: block.input)
      call.first = row * block.x.count
      kernels.transform_input(&call)
    }
  }

  private func call(_ block: FastBlock) -> fast_input_tiles {
    let layout = block.layout
    var call = fast_input_tiles()
    call.algorithm = layout.space.algorithm
    call.row_step = layout.inputRowCount
    call.line_step = layout.inputColumns * Int(fast_lane_count)
    call.tiles = block.x.count
    call.channels = layout.inputWidth
    call.out = block.points
    call.point_step = layout.pointStep
    call.lines = block.pointLines
    return call
  }

  private func transformFrames(_ block: FastBlock, _ product: FastTime.Product) {
    var call = call(block)
    call.part_count = product.inputs.count
    var tile = 0
    for step in block.steps {
      for row in 0..<block.y.count {
        let offset = block.layout.space.step * row * call.row_step
        func part(_ index: Int) -> fast_part {
          let input = product.inputs[min(index, product.inputs.count - 1)]
          return fast_part(
            first: block.inputFrame(step.inputs[input.frame]) + offset, factor: input.factor)
        }
        call.parts = (part(0), part(1))
        call.first = tile
        kernels.transform_input(&call)
        tile += block.x.count
      }
    }
  }
}
