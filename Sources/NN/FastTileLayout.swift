internal import CKernels

/// How the steps of one kind are cut into blocks of tiles, and how a block's scratch memory is laid
/// out. Does not depend on the number of workers.
struct FastTileLayout {
  let task: ConvolutionTask
  let group: FastTime.Group
  let space: FastSpace
  /// Tiles of a frame.
  let grid: (h: Int, w: Int)
  /// Whether a block slides along time, four frames at a time: each frame is loaded and brought to the
  /// points in space once. All products at a point are made before those at the next: its frames are
  /// brought to what they take, and they back, in the cache. Else products are made one after the other,
  /// each at all points, and added up as samples.
  let slides: Bool
  /// Cuts of the steps, and of a frame's tiles.
  private let stepRuns: EvenParts
  private let rows: EvenParts
  private let columns: EvenParts
  /// Tiles of the largest block.
  private let mostTiles: Int
  /// Most rows of a group of tiles.
  private let groupRows: Int

  init(_ task: ConvolutionTask, _ group: FastTime.Group, groupRows: Int) {
    self.task = task
    self.group = group
    self.groupRows = groupRows
    space = FastSpace(task)
    grid = space.grid(task)
    let all = group.steps.count * grid.h * grid.w
    // Enough tiles to make reading the weights worth it, few enough for the cache and for several
    // threads. Narrow layers have small weights: few tiles, of two steps where those share input
    // frames, keep a block's memory near the second-level cache.
    let channels = max(task.inputChannels, task.outputChannels)
    let isPlain = task.upsampling == .none
    slides = group.kind == FastTime.cube
    let (target, mostSteps) =
      if slides {
        // Fewer steps in turn where there would be few blocks.
        space.algorithm == FAST_F6
          ? (channels > 64 ? 36 : 25, max(1, min(8, all / 256)))
          : (channels > 256 || channels <= 16 ? 64 : 36, max(1, min(8, all / 512)))
      } else if space.algorithm == FAST_F4_STRIDED && channels > 64 {
        (channels > 128 || task.kernel.t == 3 ? 64 : 32, 1)
      } else if isPlain && channels > 64 && task.kernel.t == 1 {
        (channels > 256 ? max(32, min(128, all / 4)) : space.algorithm == FAST_F6 ? 42 : 32, 1)
      } else if channels <= 64 || isPlain && channels <= 128 && group.kind.products.count > 1 {
        (channels > 16 ? 32 : 64, 2)
      } else {
        (channels > 256 ? 64 : max(32, min(48, all / 8)), 8)
      }
    stepRuns = EvenParts(group.steps.count, most: mostSteps)
    let stepsAtOnce = slides ? 1 : stepRuns.largest
    let perStep = max(1, Float(target) / Float(stepsAtOnce))
    rows = EvenParts(grid.h, about: perStep.squareRoot())
    columns = EvenParts(grid.w, about: perStep * Float(rows.parts) / Float(grid.h))
    mostTiles = stepsAtOnce * rows.largest * columns.largest
    let counts = (0..<stepRuns.parts).map { [stepRuns] run in
      Self.frames(of: group.steps[stepRuns[run]]).count
    }
    inputFrames = slides || group.kind.products.count == 1 ? 1 : (counts.max() ?? 0) + 1
  }

  var blockCount: Int { stepRuns.parts * rows.parts * columns.parts }

  /// The steps and tiles of a block.
  func place(of block: Int) -> (steps: ArraySlice<FastTime.Step>, y: Range<Int>, x: Range<Int>) {
    let (run, inFrame) = block.quotientAndRemainder(dividingBy: rows.parts * columns.parts)
    return (
      group.steps[stepRuns[run]], rows[inFrame / columns.parts], columns[inFrame % columns.parts]
    )
  }

  /// Most tiles of a block in one step, and steps of a block.
  private var tile: (h: Int, w: Int) { (rows.largest, columns.largest) }
  private var steps: Int { stepRuns.largest }

  /// Whether all is made of one product: its input is then transformed as it is loaded, a row of tiles
  /// at a time, and nothing needs to be added up.
  var isSingle: Bool { group.kind.products.count == 1 }
  /// Whether tiles are finished as they are transformed back.
  var finishesTiles: Bool { (isSingle && scale == 1 || slides) && task.thenNormEpsilon == nil }

  // The normalised input: [frame][row][line][column][16], one frame of zeros behind. Of a single
  // product, or a block that slides, the rows of one row of tiles.

  var inputWidth: Int { fast_padded(task.inputChannels) }
  var outputWidth: Int { fast_padded(task.outputChannels) }
  var inputRows: Int { space.step * ((isSingle || slides ? 1 : tile.h) - 1) + space.inputs }
  var inputColumns: Int { space.step * (tile.w - 1) + space.inputs }
  var inputRowCount: Int { inputColumns * inputWidth }
  var inputFrameCount: Int { inputRows * inputRowCount }
  let inputFrames: Int

  /// The input frames that `steps` see.
  static func frames(of steps: ArraySlice<FastTime.Step>) -> Range<Int> {
    let frames = steps.flatMap { $0.inputs.compactMap { $0 } }
    return (frames.min() ?? 0)..<((frames.max() ?? -1) + 1)
  }

  // The transformed input, [point][group of tiles][line of 16 channels][tile][16], and products,
  // [product][group][line][tile][16]. Of a block that slides, there are six transformed frames, of which
  // four become results, and operands and products are those at one point, [set][group][line][tile][16].
  // Steps between points that are multiples of 4096 bytes would share few places of the cache.

  /// Groups of tiles are what a block of products takes at once.
  private func groups(_ tiles: Int) -> EvenParts { EvenParts(tiles, most: groupRows) }
  private var groupedTiles: Int { mostTiles + groups(mostTiles).parts - 1 }
  /// Rows of operands and results of `width` channels for `tiles`.
  func lines(_ width: Int, tiles: Int) -> fast_lines {
    let group = groups(tiles).largest
    return fast_lines(
      group: group, group_step: group * width, line_step: group * Int(fast_lane_count))
  }
  var pointStep: Int { slides ? max(operandStep, productStep) : operandStep }
  var frameStep: Int { space.inputs * space.inputs * pointStep }
  var pointsCount: Int { (slides ? 6 : 1) * frameStep }
  var operandStep: Int { groupedTiles * inputWidth + 16 }
  var operandsCount: Int { slides ? 6 * operandStep : 0 }
  var productStep: Int { groupedTiles * outputWidth + 16 }
  var productsCount: Int { (slides ? 6 : space.products) * productStep }

  // The sums: [step][output][row][line][column][16]; of a block that slides, one row of tiles.

  var scale: Int { task.upsampling.spaceFactor }
  var sumsSteps: FastSteps { FastSteps(linesOf: space.side * tile.w * scale) }
  var sumsRowCount: Int { space.side * tile.w * scale * outputWidth }
  var sumsFrameCount: Int { space.side * (slides ? 1 : tile.h) * scale * sumsRowCount }
  private var sumsBlockCount: Int {
    finishesTiles ? 0 : (slides ? 1 : steps * group.kind.outputs) * sumsFrameCount
  }

  /// Floats of scratch memory for one worker.
  var scratchCount: Int {
    inputFrames * inputFrameCount + pointsCount + operandsCount + productsCount + sumsBlockCount
      + 64
  }

  // Statistics: [block][step][output][2][channels] doubles.

  private var sumsPerBlock: Int { steps * group.kind.outputs * 2 * task.outputChannels }
  /// Doubles for all blocks.
  var sumsCount: Int { blockCount * sumsPerBlock }

  func sumsStart(block: Int) -> Int { block * sumsPerBlock }

  /// Adds the blocks' statistics, in order, to those of the frames, `[frames][2][channels]`.
  func mergeSums(_ sums: UnsafePointer<Double>, into total: UnsafeMutablePointer<Double>) {
    let row = 2 * task.outputChannels
    for block in 0..<blockCount {
      var source = sums + sumsStart(block: block)
      for step in place(of: block).steps {
        for frame in step.outputs {
          let target = total + frame * row
          for i in 0..<row { target[i] += source[i] }
          source += row
        }
      }
    }
  }
}

/// A count cut into parts that differ by one at most.
private struct EvenParts {
  let count: Int
  let parts: Int
  let largest: Int

  /// Parts of `most` at most.
  init(_ count: Int, most: Int) {
    self.init(count, parts: (count + most - 1) / most)
  }

  /// Parts of about `size`.
  init(_ count: Int, about size: Float) {
    self.init(count, parts: min(count, max(1, Int((Float(count) / size).rounded()))))
  }

  private init(_ count: Int, parts: Int) {
    self.count = count
    self.parts = parts
    largest = (count + parts - 1) / parts
  }

  subscript(part: Int) -> Range<Int> { part * count / parts..<(part + 1) * count / parts }
}
