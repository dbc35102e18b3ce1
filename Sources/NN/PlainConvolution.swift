internal import CKernels

/// Direct convolution: for each tile of the output the input it needs is gathered, normalised, in a
/// patch that fits a core's cache; then come sums of products over the patch.
struct PlainConvolution {
  private let task: ConvolutionTask
  private let layout: PlainLayout
  /// Extents with the positions of a frame in one row where they are independent of each other.
  private let input: Extent
  private let output: Extent
  /// Output rows and columns of a tile, and the input rows and columns it takes.
  private let tile: (h: Int, w: Int)
  private let patch: (h: Int, w: Int)
  /// Channels handled at a time: all, or a slice of a depthwise convolution's.
  private let channelBlock: Int
  private let outputWidth: Int

  init(_ task: ConvolutionTask) {
    precondition(
      task.groups == 1 || task.isDepthwise || task.isPointwise,
      "grouped convolutions are depthwise or 1x1x1")
    self.task = task
    layout = PlainLayout(task)
    func flat(_ extent: Extent) -> Extent {
      guard task.isPointwise else { return extent }
      return Extent(frames: extent.frames, height: 1, width: extent.height * extent.width)
    }
    input = flat(task.input)
    output = flat(task.output)
    if task.isDepthwise {
      if case .rms = task.inputNorm { preconditionFailure("RMS norm before a depthwise layer") }
      precondition(task.thenNormEpsilon == nil, "RMS norm after a depthwise layer")
      channelBlock = PlainLayout.depthwiseBlock
      outputWidth = channelBlock
    } else {
      channelBlock = task.inputChannels
      outputWidth = task.groups * layout.panelsPerGroup * PlainLayout.panelWidth
    }
    tile = Self.tile(of: task, output: output, channels: channelBlock)
    patch = Self.patch(of: task, tile)
  }

  /// A tile whose patch fits a core's cache, small enough to give several threads work.
  private static func tile(
    of task: ConvolutionTask, output: Extent, channels: Int
  ) -> (h: Int, w: Int) {
    var tile = task.isPointwise ? (h: 1, w: 96) : (h: 8, w: 24)
    tile = (min(tile.h, output.height), min(tile.w, output.width))
    func isLarge(_ tile: (h: Int, w: Int)) -> Bool {
      let size = patch(of: task, tile)
      let tiles = output.frames * (output.height / tile.h) * (output.width / tile.w)
      return task.kernel.t * size.h * size.w * channels > 1 << 18 || tiles < 8
    }
    while isLarge(tile) && tile.h > 1 { tile.h = (tile.h + 1) / 2 }
    while isLarge(tile) && tile.w > 6 { tile.w = (tile.w + 1) / 2 }
    return tile
  }

  private static func patch(of task: ConvolutionTask, _ tile: (h: Int, w: Int)) -> (h: Int, w: Int)
  {
    (
      (tile.h - 1) * task.stride.h + task.kernel.h, (tile.w - 1) * task.stride.w + task.kernel.w
    )
  }

  private var patchCount: Int { task.kernel.t * patch.h * patch.w * channelBlock }
  /// Floats of scratch memory for one worker.
  var scratchCount: Int { (patchCount + tile.h * tile.w * outputWidth + 15) / 16 * 16 }

  func run(_ buffers: ConvolutionBuffers, on workers: WorkerPool) {
    let rows = (output.height + tile.h - 1) / tile.h
    let columns = (output.width + tile.w - 1) / tile.w
    let slices = (task.inputChannels + channelBlock - 1) / channelBlock
    let scratch = buffers.workspace.assumingMemoryBound(to: Float.self)
    let taps = tapOffsets()
    workers.run(blocks: output.frames * rows * columns * slices) { block, worker in
      let (place, slice) = (block / slices, block % slices)
      let (frame, inFrame) = (place / (rows * columns), place % (rows * columns))
      let (y, x) = (inFrame / columns * tile.h, inFrame % columns * tile.w)
      let size = (h: min(tile.h, output.height - y), w: min(tile.w, output.width - x))
      let first = slice * channelBlock
      let channels = first..<min(first + channelBlock, task.inputChannels)
      let patchStart = scratch + worker * scratchCount
      let sums = patchStart + patchCount
      gather(
        frame: frame, y: y, x: x, size: size, channels: task.isDepthwise ? channels : nil,
        buffers, into: patchStart)
      if task.isDepthwise {
        multiplyDepthwise(patchStart, taps, size, first: first, buffers.weights, into: sums)
      } else {
        multiply(patchStart, taps, size, buffers.weights, into: sums)
      }
      finish(
        sums, frame: frame, y: y, x: x, size: size, first: task.isDepthwise ? first : 0,
        count: task.isDepthwise ? channels.count : task.outputChannels, buffers)
    }
  }

  /// Where each tap's inputs lie in the patch, relative to the first.
  private func tapOffsets() -> [Int] {
    var offsets: [Int] = []
    for t in 0..<task.kernel.t {
      for h in 0..<task.kernel.h {
        for w in 0..<task.kernel.w {
          offsets.append(((t * patch.h + h) * patch.w + w) * channelBlock)
        }
      }
    }
    return offsets
  }

  private func multiply(
    _ patchStart: UnsafePointer<Float>, _ taps: [Int], _ size: (h: Int, w: Int),
    _ weights: UnsafeRawPointer, into sums: UnsafeMutablePointer<Float>
  ) {
    let panels = weights.assumingMemoryBound(to: Float.self)
    for panel in 0..<task.groups * layout.panelsPerGroup {
      let group = panel / layout.panelsPerGroup
      for y in 0..<size.h {
        plain_multiply(
          patchStart + y * task.stride.h * patch.w * channelBlock + group * layout.inputsPerGroup,
          task.stride.w * channelBlock, size.w, taps, taps.count, layout.inputsPerGroup,
          panels + panel * layout.panelCount,
          sums + y * tile.w * outputWidth + panel * PlainLayout.panelWidth, outputWidth, 0)
      }
    }
  }

  private func multiplyDepthwise(
    _ patchStart: UnsafePointer<Float>, _ taps: [Int], _ size: (h: Int, w: Int),
    first: Int, _ weights: UnsafeRawPointer, into sums: UnsafeMutablePointer<Float>
  ) {
    let block = weights.assumingMemoryBound(to: Float.self) + first * taps.count
    for y in 0..<size.h {
      plain_depthwise(
        patchStart + y * task.stride.h * patch.w * channelBlock, task.stride.w * channelBlock,
        size.w, taps, taps.count, block, sums + y * tile.w * outputWidth, outputWidth)
    }
  }

  /// Bias, activation, norm and residual for a tile's sums, `count` channels from `first` on.
  private func finish(
    _ sums: UnsafeMutablePointer<Float>, frame: Int, y: Int, x: Int, size: (h: Int, w: Int),
    first: Int, count: Int, _ buffers: ConvolutionBuffers
  ) {
    // A group that is no multiple of a panel leaves gaps between the groups' sums.
    let perGroup = task.isDepthwise ? count : layout.outputsPerGroup
    let groupStep = layout.panelsPerGroup * PlainLayout.panelWidth
    for row in 0..<size.h {
      for column in 0..<size.w {
        let values = sums + (row * tile.w + column) * outputWidth
        if !task.isDepthwise && groupStep != perGroup {
          for group in 1..<max(task.groups, 1) {
            (values + group * perGroup).update(from: values + group * groupStep, count: perGroup)
          }
        }
        let position = (frame * output.height + y + row) * output.width + x + column
        plain_finish(
          values, count, buffers.bias.map { $0 + first }, task.then.kernelFunction,
          task.thenNormEpsilon ?? 0, buffers.thenScale, buffers.thenShift,
          task.addsResidual ? 1 : 0, task.storage.kernelType,
          buffers.output + (position * task.outputChannels + first) * task.storage.bytes)
      }
    }
  }
}

extension PlainConvolution {
  /// Fills the patch of the tile at (`frame`, `y`, `x`) with normalised input, as upsampled and
  /// padded; `channels` nil means all.
  private func gather(
    frame: Int, y: Int, x: Int, size: (h: Int, w: Int), channels: Range<Int>?,
    _ buffers: ConvolutionBuffers, into patchStart: UnsafeMutablePointer<Float>
  ) {
    let virtual = task.isPointwise ? input : task.upsampledInput
    let padding = task.leadingPadding
    let slice = channels ?? 0..<task.inputChannels
    let rows = (size.h - 1) * task.stride.h + task.kernel.h
    let columns = (size.w - 1) * task.stride.w + task.kernel.w
    for dt in 0..<task.kernel.t {
      let t = source(frame * task.stride.t + dt - padding.t, virtual.frames)
      for dy in 0..<rows {
        let row = source(y * task.stride.h + dy - padding.h, virtual.height)
        let target = patchStart + (dt * patch.h + dy) * patch.w * channelBlock
        guard let t, let row else {
          target.update(repeating: 0, count: columns * channelBlock)
          continue
        }
        let inputFrame = task.upsampling.sourceFrame(t)
        let inputRow = row / task.upsampling.spaceFactor
        let start = (inputFrame * input.height + inputRow) * input.width
        gatherRow(
          start: start, frame: inputFrame, from: x * task.stride.w - padding.w, columns: columns,
          width: virtual.width, slice, buffers, into: target)
      }
    }
  }

  private func gatherRow(
    start: Int, frame: Int, from firstColumn: Int, columns: Int, width: Int, _ slice: Range<Int>,
    _ buffers: ConvolutionBuffers, into target: UnsafeMutablePointer<Float>
  ) {
    var previous = -1
    for dx in 0..<columns {
      let place = target + dx * channelBlock
      guard let column = source(firstColumn + dx, width) else {
        place.update(repeating: 0, count: slice.count)
        continue
      }
      let position = start + column / task.upsampling.spaceFactor
      if position == previous {
        place.update(from: place - channelBlock, count: slice.count)
        continue
      }
      previous = position
      load(position: position, frame: frame, slice, buffers, into: place)
    }
  }

  /// The index that padding reads at `index` of an axis of `count`; nil for a zero.
  private func source(_ index: Int, _ count: Int) -> Int? {
    if index >= 0 && index < count { return index }
    return task.padding == .causalReplicate ? min(max(index, 0), count - 1) : nil
  }

  private func load(
    position: Int, frame: Int, _ slice: Range<Int>, _ buffers: ConvolutionBuffers,
    into place: UnsafeMutablePointer<Float>
  ) {
    let offset = position * task.inputChannels + slice.lowerBound
    plain_load(
      buffers.input + offset * task.storage.bytes, task.storage.kernelType, slice.count, place)
    let function = task.activation.kernelFunction
    guard task.inputNorm != .none, let scale = buffers.inputScale, let shift = buffers.inputShift
    else {
      plain_apply(place, slice.count, function)
      return
    }
    switch task.inputNorm {
    case .affine(let perFrame):
      let row = (perFrame ? frame * task.inputChannels : 0) + slice.lowerBound
      plain_affine(place, slice.count, scale + row, shift + row, function)
    case .rms(let epsilon):
      plain_rms(place, slice.count, epsilon, scale, shift, function)
    case .none:
      break
    }
  }
}

extension ActivationFunction {
  /// The function as the C kernels name it.
  var kernelFunction: plain_function {
    switch self {
    case .none: PLAIN_NONE
    case .silu: PLAIN_SILU
    case .relu: PLAIN_RELU
    }
  }
}
