#if ONEDNN
  internal import CKernels

  /// Direct convolution: the input that a tile of the output sees is gathered, normalised, in scratch
  /// memory and multiplied, group by group.
  struct FastDirect {
    let task: ConvolutionTask
    let kernels: fast_kernels
    let layout: FastDirectLayout
    /// Output of the task; positions that are independent of each other lie in one row.
    let output: Extent
    /// Output rows and columns of a tile, input rows and columns it sees.
    private let tile: (h: Int, w: Int)
    private let patch: (h: Int, w: Int)
    /// Channels handled at a time: a group's, or some of a depthwise convolution's.
    private let channelBlock: Int

    init(_ task: ConvolutionTask, kernels: fast_kernels) {
      precondition(
        task.groups == 1 || (!task.hasRMSInput && task.thenNormEpsilon == nil),
        "a group alone cannot be normalised")
      self.task = task
      self.kernels = kernels
      layout = FastDirectLayout(task, kernels)
      output =
        task.isPointwise
        ? Extent(
          frames: task.output.frames, height: 1, width: task.output.height * task.output.width)
        : task.output
      channelBlock = task.isDepthwise ? min(64, task.inputChannels) : layout.inputsPerGroup
      // Two groups of rows across, or eight in a line.
      func balanced(_ count: Int, _ most: Int) -> Int {
        let parts = (count + most - 1) / most
        return (count + parts - 1) / parts
      }
      func seen(_ count: Int, _ stride: Int, _ kernel: Int) -> Int { (count - 1) * stride + kernel }
      let most = Self.mostColumns(task, layout, groupRows: Int(kernels.group_rows))
      let width = balanced(output.width, most)
      let columns = seen(width, task.stride.w, task.kernel.w / layout.tapsPerLine)
      // The patch and a panel's weights are to stay in the second-level cache.
      let rowCount = task.kernel.t * columns * fast_padded(channelBlock)
      let rows = (Self.patchTarget / rowCount - task.kernel.h) / task.stride.h + 1
      let height = balanced(output.height, task.isDepthwise ? 16 : max(2, min(6, rows)))
      tile = (height, width)
      patch = (seen(height, task.stride.h, task.kernel.h), columns)
    }

    /// Most columns of a tile: of a pointwise convolution enough to make reading the weights worth it.
    private static func mostColumns(
      _ task: ConvolutionTask, _ layout: FastDirectLayout, groupRows: Int
    ) -> Int {
      guard task.isPointwise else { return 2 * groupRows }
      if layout.isMatrix { return 112 }
      let isLarge = task.inputChannels * task.outputChannels >= 1 << 22
      let channels = fast_padded(layout.inputsPerGroup) + fast_padded(layout.outputsPerGroup)
      return isLarge ? 18 * groupRows : max(8 * groupRows, pointwiseTarget / channels)
    }

    /// Floats of a pointwise convolution's rows and sums.
    private static let pointwiseTarget = 40 << 10
    /// Floats of a patch.
    private static let patchTarget = 160 << 10
    /// Most values of a panel's column that are multiplied before the next row's.
    private static let passDepth = 1536

    /// Columns of a patch whose numbers differ by multiples of the stride lie next to each other.
    private var phaseWidth: Int { (patch.w + task.stride.w - 1) / task.stride.w }
    private func place(ofColumn column: Int) -> Int {
      column % task.stride.w * phaseWidth + column / task.stride.w
    }
    private var inputSteps: FastSteps {
      usesLines
        ? FastSteps(linesOf: task.stride.w * phaseWidth)
        : FastSteps(rowsOf: fast_padded(channelBlock))
    }
    private var sumsSteps: FastSteps {
      usesLines ? FastSteps(linesOf: tile.w) : FastSteps(rowsOf: fast_padded(outputBlock))
    }
    /// Whether operands and sums are those of ``fast_product``.
    private var usesLines: Bool { !task.isDepthwise && !layout.isMatrix }
    private var outputBlock: Int { task.isDepthwise ? channelBlock : layout.outputsPerGroup }
    /// Whether the input can be multiplied where it lies.
    private var readsInPlace: Bool {
      layout.isMatrix && task.inputNorm == .none && task.activation == .none && task.storage == .f32
    }
    private var patchRowCount: Int { task.stride.w * phaseWidth * fast_padded(channelBlock) }
    private var patchCount: Int { task.kernel.t * patch.h * patchRowCount }
    private var sumsRowCount: Int { tile.w * fast_padded(outputBlock) }
    private var scratchCount: Int { patchCount + tile.h * sumsRowCount }
    private var rowBlocks: Int { (output.height + tile.h - 1) / tile.h }
    private var columnBlocks: Int { (output.width + tile.w - 1) / tile.w }
    private var slices: Int {
      task.isDepthwise ? (task.inputChannels + channelBlock - 1) / channelBlock : 1
    }
    /// Whether a block goes through all frames and reads each once: the patch's frames then lie in a
    /// ring. For depthwise convolutions and those of a few channels, where reading takes much of the time.
    private var goesThroughFrames: Bool {
      (task.isDepthwise || layout.tapsPerLine > 1) && task.kernel.t > 1 && task.stride.t == 1
        && task.upsampling == .none
    }
    private var framesInBlock: Int { goesThroughFrames ? output.frames : 1 }
    private var blockCount: Int {
      output.frames / framesInBlock * rowBlocks * columnBlocks * slices
    }
    /// Doubles of one frame's statistics in a block.
    private var statisticsCount: Int { 2 * task.outputChannels }

    /// Depthwise convolutions lead to no group norm.
    static func gathersSums(for task: ConvolutionTask) -> Bool { !task.isDepthwise }

    func workspaceBytes(workers: Int) -> Int {
      let statistics =
        Self.gathersSums(for: task) ? blockCount * framesInBlock * statisticsCount : 0
      return workers * scratchCount * MemoryLayout<Float>.stride
        + statistics * MemoryLayout<Double>.stride
    }

    func run(_ buffers: ConvolutionBuffers, on workers: WorkerPool) {
      let scratch = buffers.workspace.assumingMemoryBound(to: Float.self)
      let statistics =
        (buffers.workspace + workers.count * scratchCount * MemoryLayout<Float>.stride)
        .assumingMemoryBound(to: Double.self)
      let taps = (0..<(goesThroughFrames ? task.kernel.t : 1)).map(taps)
      workers.run(blocks: blockCount) { block, worker in
        let patch = scratch + worker * scratchCount
        let sums = patch + patchCount
        var totals: UnsafeMutablePointer<Double>?
        if buffers.outputSums != nil {
          let count = framesInBlock * statisticsCount
          totals = statistics + block * count
          totals?.update(repeating: 0, count: count)
        }
        for part in parts(ofBlock: block) {
          var input = UnsafePointer(patch)
          if readsInPlace {
            let position = part.frame * output.width + part.x.lowerBound
            input =
              buffers.input.assumingMemoryBound(to: Float.self) + position * task.inputChannels
          } else {
            gather(part, buffers, into: patch)
          }
          if task.isDepthwise {
            multiplyDepthwise(
              part, input, taps[firstSlot(part)], buffers, into: sums)
          } else if layout.isMatrix {
            multiplyMatrix(part, input, buffers, into: sums)
          } else {
            multiply(part, input, taps[firstSlot(part)], buffers, into: sums)
          }
          finish(
            part, sums, buffers,
            statistics: totals.map { $0 + part.frame % framesInBlock * statisticsCount })
        }
        kernels.end_stream()
      }
      if let total = buffers.outputSums { merge(statistics, into: total) }
    }

    /// The place in the ring of the first frame that a part sees.
    private func firstSlot(_ part: FastTilePart) -> Int {
      goesThroughFrames ? part.frame % task.kernel.t : 0
    }

    /// A block's groups, or the frames of its slice of a depthwise convolution's channels.
    private func parts(ofBlock block: Int) -> [FastTilePart] {
      let (place, slice) = block.quotientAndRemainder(dividingBy: slices)
      let (frame, inFrame) = place.quotientAndRemainder(dividingBy: rowBlocks * columnBlocks)
      let (y, x) = (inFrame / columnBlocks * tile.h, inFrame % columnBlocks * tile.w)
      let frames = frame * framesInBlock..<(frame + 1) * framesInBlock
      let indices = task.isDepthwise ? slice..<slice + 1 : 0..<task.groups
      return frames.flatMap { frame in
        indices.map { index in
          func channels(_ block: Int, of all: Int) -> Range<Int> {
            index * block..<min((index + 1) * block, all)
          }
          return FastTilePart(
            frame: frame, y: y..<min(y + tile.h, output.height),
            x: x..<min(x + tile.w, output.width),
            inputs: channels(channelBlock, of: task.inputChannels),
            outputs: channels(outputBlock, of: task.outputChannels), group: index)
        }
      }
    }

    /// Where the taps lie in the patch, whose first frame is in place `slot`.
    private func taps(from slot: Int) -> [Int] {
      (0..<task.kernel.t).flatMap { frame in
        let t = (slot + frame) % task.kernel.t
        return (0..<task.kernel.h).flatMap { h in
          (0..<task.kernel.w / layout.tapsPerLine).map { w in
            (t * patch.h + h) * patchRowCount + place(ofColumn: w) * inputSteps.row
          }
        }
      }
    }

    private func gather(
      _ part: FastTilePart, _ buffers: ConvolutionBuffers, into target: UnsafeMutablePointer<Float>
    ) {
      let reader = FastReader(
        task, buffers, kernels, channels: part.inputs, as: layout.isPaired ? .bf16 : .f32)
      let steps = inputSteps
      if task.isPointwise {
        reader.load(
          frame: part.frame, position: part.x.lowerBound, count: part.x.count, into: target,
          steps: steps)
        return
      }
      let padding = task.leadingPadding
      let virtual = task.upsampledInput
      let rows = (part.y.count - 1) * task.stride.h + task.kernel.h
      let columns = (part.x.count - 1) * task.stride.w + task.kernel.w
      let top = part.y.lowerBound * task.stride.h - padding.h
      let left = part.x.lowerBound * task.stride.w - padding.w
      // Of a ring all frames but the last are there.
      let known = goesThroughFrames && part.frame > 0 ? task.kernel.t - 1 : 0
      for t in known..<task.kernel.t {
        let slot = (firstSlot(part) + t) % task.kernel.t
        var frame = part.frame * task.stride.t + t - padding.t
        if task.padding == .causalReplicate { frame = min(max(frame, 0), virtual.frames - 1) }
        for row in 0..<rows {
          let place = target + (slot * patch.h + row) * patchRowCount
          guard (0..<virtual.frames).contains(frame) else {
            reader.clear(task.stride.w * phaseWidth, place, steps)
            continue
          }
          let source = task.upsampling.sourceFrame(frame)
          if layout.tapsPerLine > 1 {
            loadWindows(
              part, frame: source, row: top + row, left: left, reader, buffers, into: place)
          } else if task.upsampling.spaceFactor == 1 {
            for phase in 0..<min(task.stride.w, columns) {
              reader.load(
                frame: source, row: top + row, columns: left + phase..<left + columns,
                every: task.stride.w, into: place + phase * phaseWidth * steps.row, steps: steps)
            }
          } else {
            for column in 0..<columns {
              let x = (left + column) >> 1
              reader.load(
                frame: source, row: (top + row) >> 1, columns: x..<x + 1,
                into: place + self.place(ofColumn: column) * steps.row, steps: steps)
            }
          }
        }
      }
    }

    /// Loads all columns that each position of a row sees into its line.
    private func loadWindows(
      _ part: FastTilePart, frame: Int, row: Int, left: Int, _ reader: FastReader,
      _ buffers: ConvolutionBuffers, into target: UnsafeMutablePointer<Float>
    ) {
      let (height, width) = (task.input.height, task.input.width)
      let columns = left..<left + part.x.count
      // What lies next to each other in the input is a line as it is.
      let inside = columns.clamped(to: 0..<max(0, width - task.kernel.w + 1))
      let hasRow = task.padding == .causalReplicate || (0..<height).contains(row)
      let whole = hasRow ? inside : columns.lowerBound..<columns.lowerBound
      let line = Int(fast_lane_count)
      // A tap's channels come as a line of their own.
      withUnsafeTemporaryAllocation(of: Float.self, capacity: 2 * line) { taps in
        guard let taps = taps.baseAddress else { return }
        for column in columns where !whole.contains(column) {
          for tap in 0..<task.kernel.w {
            reader.load(
              frame: frame, row: row, columns: column + tap..<column + tap + 1,
              into: taps + tap * task.inputChannels, steps: inputSteps)
          }
          (target + (column - left) * inputSteps.row).update(from: taps, count: line)
        }
      }
      guard !whole.isEmpty else { return }
      FastReader(task, buffers, kernels, channels: 0..<layout.lineWidth).load(
        frame: frame, position: min(max(row, 0), height - 1) * width + whole.lowerBound,
        count: whole.count, into: target + (whole.lowerBound - left) * inputSteps.row,
        steps: inputSteps)
    }

    private func multiply(
      _ part: FastTilePart, _ patchStart: UnsafePointer<Float>, _ taps: [Int],
      _ buffers: ConvolutionBuffers, into sums: UnsafeMutablePointer<Float>
    ) {
      let packed =
        buffers.weights.assumingMemoryBound(to: Float.self) + part.group * layout.groupCount
      let (lines, width) = (Int(fast_lane_count), Int(fast_panel_width))
      let passTaps = max(1, Self.passDepth / layout.lineWidth)
      taps.withUnsafeBufferPointer { taps in
        var call = fast_product()
        call.a_lines = inputSteps.lines(rows: part.x.count)
        call.rows = part.x.count
        call.depth = layout.lineWidth
        call.out_lines = sumsSteps.lines(rows: part.x.count)
        call.batch = 1
        for column in stride(from: 0, to: layout.outputsPerGroup, by: width) {
          call.columns = min(width, layout.outputsPerGroup - column)
          for tap in stride(from: 0, to: taps.count, by: passTaps) {
            // These weights stay in the cache for all rows of the tile.
            let row = tap * layout.lineWidth * min(width, fast_padded(call.columns))
            call.panels = packed + column * layout.depth + row
            call.taps = taps.baseAddress.map { $0 + tap }
            call.tap_count = min(passTaps, taps.count - tap)
            call.accumulates = tap > 0 ? 1 : 0
            for y in 0..<part.y.count {
              call.a = patchStart + y * task.stride.h * patchRowCount
              call.out = sums + y * sumsRowCount + column / lines * sumsSteps.line
              if layout.isPaired {
                kernels.multiply_pairs(&call)
              } else {
                kernels.multiply(&call)
              }
            }
          }
        }
      }
    }

    private func multiplyMatrix(
      _ part: FastTilePart, _ input: UnsafePointer<Float>, _ buffers: ConvolutionBuffers,
      into sums: UnsafeMutablePointer<Float>
    ) {
      OneDNNProduct.multiply(
        rows: part.x.count, columns: task.outputChannels, depth: task.inputChannels, input,
        step: readsInPlace ? task.inputChannels : inputSteps.row,
        buffers.weights.assumingMemoryBound(to: Float.self), step: task.outputChannels, into: sums,
        step: sumsSteps.row)
    }

    private func multiplyDepthwise(
      _ part: FastTilePart, _ patchStart: UnsafePointer<Float>, _ taps: [Int],
      _ buffers: ConvolutionBuffers, into sums: UnsafeMutablePointer<Float>
    ) {
      taps.withUnsafeBufferPointer { taps in
        var call = fast_depthwise()
        call.a_step = inputSteps.row
        call.rows = part.x.count
        call.taps = taps.baseAddress
        call.tap_count = taps.count
        call.weights =
          buffers.weights.assumingMemoryBound(to: Float.self) + part.inputs.lowerBound
        call.weight_step = layout.depthwiseStep
        call.channels = part.inputs.count
        call.out_step = sumsSteps.row
        for y in 0..<part.y.count {
          call.a = patchStart + y * task.stride.h * patchRowCount
          call.out = sums + y * sumsRowCount
          kernels.depthwise(&call)
        }
      }
    }

    private func finish(
      _ part: FastTilePart, _ sums: UnsafeMutablePointer<Float>, _ buffers: ConvolutionBuffers,
      statistics: UnsafeMutablePointer<Double>?
    ) {
      let writer = FastWriter(task, buffers, kernels, channels: part.outputs)
      for y in part.y {
        writer.finish(
          sums + (y - part.y.lowerBound) * sumsRowCount, steps: sumsSteps,
          position: (part.frame * output.height + y) * output.width + part.x.lowerBound,
          count: part.x.count, statistics: statistics)
      }
    }

    /// Adds the blocks' statistics, in order, to those of the frames.
    private func merge(
      _ statistics: UnsafePointer<Double>, into total: UnsafeMutablePointer<Double>
    ) {
      total.update(repeating: 0, count: output.frames * statisticsCount)
      let count = framesInBlock * statisticsCount
      for block in 0..<blockCount {
        let target = total + block / (rowBlocks * columnBlocks) * count
        let source = statistics + block * count
        for i in 0..<count { target[i] += source[i] }
      }
    }
  }

  /// A tile of a direct convolution's output.
  struct FastTilePart {
    var frame: Int
    var y: Range<Int>
    var x: Range<Int>
    /// Channels, of a depthwise convolution some of them, else those of `group`.
    var inputs: Range<Int>
    var outputs: Range<Int>
    var group: Int
  }
#endif
