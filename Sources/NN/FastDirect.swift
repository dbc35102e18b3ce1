#if ONEDNN
  internal import CKernels

  /// Direct convolution: the input that a tile of the output sees is gathered, normalised, in scratch
  /// memory, where the horizontal taps of a position are one row of values, and multiplied.
  struct FastDirect {
    let task: ConvolutionTask
    let kernels: fast_kernels
    let layout: FastDirectLayout
    /// Output of the task; positions that are independent of each other lie in one row.
    let output: Extent
    /// Output rows and columns of a tile, input rows and columns it sees.
    private let tile: (h: Int, w: Int)
    let patch: (h: Int, w: Int)
    /// Channels handled at a time: all, or some of a depthwise convolution's.
    private let channelBlock: Int

    init(_ task: ConvolutionTask, kernels: fast_kernels) {
      self.task = task
      self.kernels = kernels
      layout = FastDirectLayout(task, kernels)
      output =
        task.isPointwise
        ? Extent(
          frames: task.output.frames, height: 1, width: task.output.height * task.output.width)
        : task.output
      channelBlock = task.isDepthwise ? min(64, task.inputChannels) : task.inputChannels
      // Rows of products come in blocks of 14, which two blocks across or eight in a line fill.
      func balanced(_ count: Int, _ most: Int) -> Int {
        let parts = (count + most - 1) / most
        return (count + parts - 1) / parts
      }
      let width = balanced(output.width, task.isPointwise ? 112 : 28)
      let height = balanced(output.height, task.isPointwise ? 1 : task.isDepthwise ? 16 : 6)
      tile = (height, width)
      patch = (
        (height - 1) * task.stride.h + task.kernel.h, (width - 1) * task.stride.w + task.kernel.w
      )
    }

    /// Floats' places of a position in the patch.
    private var patchWidth: Int {
      task.isDepthwise ? fast_padded(channelBlock) : task.groups * layout.width
    }
    /// Whether the input can be multiplied where it lies.
    private var readsInPlace: Bool {
      task.isPointwise && task.inputNorm == .none && task.activation == .none
        && (task.storage == .f32 || layout.isPaired)
    }
    /// A row's last position may be written in whole vectors.
    private var patchCount: Int { task.kernel.t * patch.h * patch.w * patchWidth + 64 }
    private var sumsWidth: Int {
      task.isDepthwise
        ? fast_padded(channelBlock)
        : (task.groups - 1) * layout.outputsPerGroup + fast_padded(layout.outputsPerGroup) + 16
    }
    private var sumsCount: Int { tile.h * tile.w * sumsWidth + 64 }
    private var scratchCount: Int { (patchCount + sumsCount + 15) / 16 * 16 }
    private var rowBlocks: Int { (output.height + tile.h - 1) / tile.h }
    private var columnBlocks: Int { (output.width + tile.w - 1) / tile.w }
    private var slices: Int { (task.inputChannels + channelBlock - 1) / channelBlock }
    private var blockCount: Int { output.frames * rowBlocks * columnBlocks * slices }
    /// Doubles of one block's statistics.
    private var statisticsCount: Int { 2 * task.outputChannels }

    /// Depthwise convolutions lead to no group norm.
    static func gathersSums(for task: ConvolutionTask) -> Bool { !task.isDepthwise }

    func workspaceBytes(workers: Int) -> Int {
      let statistics = Self.gathersSums(for: task) ? blockCount * statisticsCount : 0
      return workers * scratchCount * MemoryLayout<Float>.stride
        + statistics * MemoryLayout<Double>.stride
    }

    func run(_ buffers: ConvolutionBuffers, on workers: WorkerPool) {
      let scratch = buffers.workspace.assumingMemoryBound(to: Float.self)
      let statistics =
        (buffers.workspace + workers.count * scratchCount * MemoryLayout<Float>.stride)
        .assumingMemoryBound(to: Double.self)
      let taps = task.isDepthwise ? depthwiseTaps : self.taps
      workers.run(blocks: blockCount) { block, worker in
        let (place, slice) = (block / slices, block % slices)
        let (frame, inFrame) = (
          place / (rowBlocks * columnBlocks), place % (rowBlocks * columnBlocks)
        )
        let (y, x) = (inFrame / columnBlocks * tile.h, inFrame % columnBlocks * tile.w)
        let first = slice * channelBlock
        let part = FastTilePart(
          frame: frame, y: y..<min(y + tile.h, output.height), x: x..<min(x + tile.w, output.width),
          channels: first..<min(first + channelBlock, task.inputChannels))
        let patch = scratch + worker * scratchCount
        let sums = patch + patchCount
        var input = UnsafePointer(patch)
        if readsInPlace {
          let position = part.frame * output.width + part.x.lowerBound
          input = buffers.input.assumingMemoryBound(to: Float.self) + position * patchWidth
        } else {
          gather(part, buffers, into: patch)
        }
        if task.isDepthwise {
          multiplyDepthwise(part, input, taps, buffers, into: sums)
        } else {
          multiply(part, input, taps, buffers, into: sums)
        }
        finish(
          part, sums, buffers,
          statistics: buffers.outputSums == nil ? nil : statistics + block * statisticsCount)
      }
      if let total = buffers.outputSums { merge(statistics, into: total) }
    }

    /// Where the rows of taps lie in the patch: one for each temporal and vertical tap.
    private var taps: [Int] {
      (0..<task.kernel.t).flatMap { t in
        (0..<task.kernel.h).map { h in (t * patch.h + h) * patch.w * patchWidth }
      }
    }

    private var depthwiseTaps: [Int] {
      taps.flatMap { row in (0..<task.kernel.w).map { row + $0 * patchWidth } }
    }

    private func gather(
      _ part: FastTilePart, _ buffers: ConvolutionBuffers, into target: UnsafeMutablePointer<Float>
    ) {
      let reader = FastReader(
        task, buffers, kernels, channels: task.isDepthwise ? part.channels : nil,
        as: layout.isPaired ? .bf16 : .f32)
      if task.isPointwise {
        reader.load(
          frame: part.frame, position: part.x.lowerBound, count: part.x.count, into: target,
          step: patchWidth)
        return
      }
      let padding = task.leadingPadding
      let virtual = task.upsampledInput
      let rows = (part.y.count - 1) * task.stride.h + task.kernel.h
      let columns = (part.x.count - 1) * task.stride.w + task.kernel.w
      let top = part.y.lowerBound * task.stride.h - padding.h
      let left = part.x.lowerBound * task.stride.w - padding.w
      for t in 0..<task.kernel.t {
        var frame = part.frame * task.stride.t + t - padding.t
        if task.padding == .causalReplicate { frame = min(max(frame, 0), virtual.frames - 1) }
        for row in 0..<rows {
          let place = target + (t * patch.h + row) * patch.w * patchWidth
          guard (0..<virtual.frames).contains(frame) else {
            place.update(repeating: 0, count: columns * patchWidth)
            continue
          }
          let source = task.upsampling.sourceFrame(frame)
          if task.upsampling.spaceFactor == 1 {
            reader.load(
              frame: source, row: top + row, columns: left..<left + columns, into: place,
              step: patchWidth)
          } else {
            for column in 0..<columns {
              let x = (left + column) >> 1
              reader.load(
                frame: source, row: (top + row) >> 1, columns: x..<x + 1,
                into: place + column * patchWidth, step: patchWidth)
            }
          }
        }
      }
    }

    private func multiply(
      _ part: FastTilePart, _ patchStart: UnsafePointer<Float>, _ taps: [Int],
      _ buffers: ConvolutionBuffers, into sums: UnsafeMutablePointer<Float>
    ) {
      let packed = buffers.weights.assumingMemoryBound(to: Float.self)
      if layout.isMatrix {
        return OneDNNProduct.multiply(
          rows: part.x.count, columns: task.outputChannels, depth: task.inputChannels, patchStart,
          step: patchWidth, packed, step: task.outputChannels, into: sums, step: sumsWidth)
      }
      let width = Int(fast_panel_width)
      taps.withUnsafeBufferPointer { taps in
        var call = fast_product()
        call.a_step = task.stride.w * patchWidth
        call.rows = part.x.count
        call.taps = taps.baseAddress
        call.tap_count = taps.count
        call.depth = task.kernel.w * layout.width
        call.out_step = sumsWidth
        for group in 0..<task.groups {
          // A panel stays in the cache for all rows of the tile.
          for column in stride(from: 0, to: layout.outputsPerGroup, by: width) {
            call.panels = packed + group * layout.groupCount + column * layout.depth
            call.columns = min(width, layout.outputsPerGroup - column)
            for y in 0..<part.y.count {
              call.a =
                patchStart + y * task.stride.h * patch.w * patchWidth + group * layout.width
              call.out =
                sums + y * tile.w * sumsWidth + group * layout.outputsPerGroup + column
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

    private func multiplyDepthwise(
      _ part: FastTilePart, _ patchStart: UnsafePointer<Float>, _ taps: [Int],
      _ buffers: ConvolutionBuffers, into sums: UnsafeMutablePointer<Float>
    ) {
      taps.withUnsafeBufferPointer { taps in
        var call = fast_depthwise()
        call.a_step = task.stride.w * patchWidth
        call.rows = part.x.count
        call.taps = taps.baseAddress
        call.tap_count = taps.count
        call.weights =
          buffers.weights.assumingMemoryBound(to: Float.self) + part.channels.lowerBound
        call.weight_step = layout.depthwiseStep
        call.channels = part.channels.count
        call.out_step = sumsWidth
        for y in 0..<part.y.count {
          call.a = patchStart + y * task.stride.h * patch.w * patchWidth
          call.out = sums + y * tile.w * sumsWidth
          kernels.depthwise(&call)
        }
      }
    }

    private func finish(
      _ part: FastTilePart, _ sums: UnsafeMutablePointer<Float>, _ buffers: ConvolutionBuffers,
      statistics: UnsafeMutablePointer<Double>?
    ) {
      let writer = FastWriter(
        task, buffers, kernels, channels: task.isDepthwise ? part.channels : nil)
      statistics?.update(repeating: 0, count: statisticsCount)
      for y in part.y {
        writer.finish(
          sums + (y - part.y.lowerBound) * tile.w * sumsWidth, step: sumsWidth,
          position: (part.frame * output.height + y) * output.width + part.x.lowerBound,
          count: part.x.count, statistics: statistics)
      }
    }

    /// Adds the blocks' statistics, in order, to those of the frames.
    private func merge(
      _ statistics: UnsafePointer<Double>, into total: UnsafeMutablePointer<Double>
    ) {
      total.update(repeating: 0, count: output.frames * statisticsCount)
      for block in 0..<blockCount {
        let target = total + block / (rowBlocks * columnBlocks) * statisticsCount
        let source = statistics + block * statisticsCount
        for i in 0..<statisticsCount { target[i] += source[i] }
      }
    }
  }

  /// A tile of a direct convolution's output.
  struct FastTilePart {
    var frame: Int
    var y: Range<Int>
    var x: Range<Int>
    /// Channels of a depthwise convolution.
    var channels: Range<Int>
  }
#endif
