internal import CKernels

/// 3×3 and 3×3×3 convolutions, upsampled, or with stride 2 in space, or neither, by ``FastSpace`` and
/// ``FastTime``.
///
/// A worker takes a block of tiles in space and time: it normalises the input that the block sees
/// into scratch memory, and for each product along time transforms the tiles, multiplies at all
/// points, and adds the transformed results to the block's sums, which are finished at the end.
/// Where four frames are made at a time, time is transformed at the points instead.
struct FastWinograd {
  let task: ConvolutionTask
  let kernels: fast_kernels
  let weights: FastWeights
  let groups: [FastTime.Group]

  /// Whether this way suits `task`.
  static func suits(_ task: ConvolutionTask, _ kernels: fast_kernels) -> Bool {
    let hasTime: Bool =
      switch task.upsampling {
      case .nearest(.causal, _): task.padding == .causalReplicate
      case .nearest(.double, _): task.padding == .zeros
      default: true
      }
    let isTimeKernel =
      task.kernel.t == 3 || (task.kernel.t == 1 && task.output.frames == task.input.frames)
    return task.groups == 1 && task.kernel.h == 3 && task.kernel.w == 3 && isTimeKernel && hasTime
      && suitsStride(task, kernels) && task.inputChannels >= 8 && hasEnoughTiles(task)
  }

  private static func suitsStride(_ task: ConvolutionTask, _ kernels: fast_kernels) -> Bool {
    // Pairs of bfloat16 are twice as fast: with stride 2 they lose only where time saves as well.
    let isPaired = FastDirectLayout(task, kernels).isPaired
    return switch (task.stride.t, task.stride.h, task.stride.w) {
    case (1, 1, 1): task.padding != .zerosAfter
    case (1, 2, 2): task.upsampling == .none && !(isPaired && task.kernel.t == 1)
    case (2, 2, 2): task.upsampling == .none && !isPaired && task.kernel.t == 3
    default: false
    }
  }

  /// Whether a product has rows enough to be worth its weights, which take several times the memory
  /// of a direct convolution's: with stride 2 in time as well 15 times, and there they spare the least.
  private static func hasEnoughTiles(_ task: ConvolutionTask) -> Bool {
    let steps = FastTime.groups(for: task).map(\.steps.count).max() ?? 0
    let grid = FastSpace(task).grid(task)
    let isLarge = task.inputChannels * task.outputChannels > 1 << 16
    return steps * grid.h * grid.w >= (task.stride.h == 2 && isLarge ? 64 : 16)
  }

  init(_ task: ConvolutionTask, kernels: fast_kernels) {
    self.task = task
    self.kernels = kernels
    groups = FastTime.groups(for: task)
    weights = FastWeights(task, groups: groups)
  }

  /// Multiply-adds at the points.
  var multiplyAdds: Int {
    let grid = weights.space.grid(task)
    return groups.reduce(0) { sum, group in
      let tiles = group.steps.count * grid.h * grid.w
      return sum + group.kind.products.count * tiles * weights.space.matrices * weights.matrixCount
    }
  }

  private func layout(_ group: FastTime.Group) -> FastTileLayout {
    FastTileLayout(task, group, groupRows: Int(kernels.group_rows))
  }

  /// Bytes of scratch memory and statistics.
  func workspaceBytes(workers: Int) -> Int {
    let layouts = groups.map(layout)
    let scratch = layouts.map(\.scratchCount).max() ?? 0
    let sums = layouts.reduce(0) { $0 + $1.sumsCount }
    return workers * scratch * MemoryLayout<Float>.stride + sums * MemoryLayout<Double>.stride
  }

  func run(_ buffers: ConvolutionBuffers, on workers: WorkerPool) {
    let layouts = groups.map(layout)
    let scratchCount = layouts.map(\.scratchCount).max() ?? 0
    let scratch = buffers.workspace.assumingMemoryBound(to: Float.self)
    let sums = (buffers.workspace + workers.count * scratchCount * MemoryLayout<Float>.stride)
      .assumingMemoryBound(to: Double.self)
    var blocks: [(group: Int, block: Int)] = []
    var sumsStarts: [Int] = []
    var sumsEnd = 0
    for (index, layout) in layouts.enumerated() {
      blocks += (0..<layout.blockCount).map { (index, $0) }
      sumsStarts.append(sumsEnd)
      sumsEnd += layout.sumsCount
    }
    let start = FastBlockCall(winograd: self, buffers: buffers)
    workers.run(blocks: blocks.count) { index, worker in
      let (group, block) = blocks[index]
      start.run(
        layouts[group], block: block, scratch: scratch + worker * scratchCount,
        sums: buffers.outputSums == nil ? nil : sums + sumsStarts[group])
      kernels.end_stream()
    }
    if let total = buffers.outputSums {
      let row = 2 * task.outputChannels
      total.update(repeating: 0, count: task.output.frames * row)
      for (layout, start) in zip(layouts, sumsStarts) {
        layout.mergeSums(sums + start, into: total)
      }
    }
  }
}
