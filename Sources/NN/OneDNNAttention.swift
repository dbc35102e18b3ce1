#if ONEDNN
  internal import CKernels

  /// Softmax attention, a block of queries against one block of keys after the other, with oneDNN's
  /// products; maximum and sum of the softmax are carried along.
  struct OneDNNAttention {
    private static let queryBlock = 128
    private static let keyBlock = 256

    private let task: AttentionTask
    private let kernels: fast_kernels

    init(_ task: AttentionTask, kernels: fast_kernels) {
      self.task = task
      self.kernels = kernels
    }

    private var channels: Int { task.channels }
    private var tokens: Int { task.extent.positions }
    /// bfloat16 queries, keys and values are widened first; float32 ones are read where they lie.
    private var widenedCount: Int { task.storage == .f32 ? 0 : 3 * tokens * channels }
    /// Floats of scratch memory for one worker: scores, results, maxima and sums.
    private var scratchCount: Int { Self.queryBlock * (Self.keyBlock + channels + 2) }

    func workspaceBytes(workers: Int) -> Int {
      (widenedCount + workers * scratchCount) * MemoryLayout<Float>.stride
    }

    func run(_ buffers: AttentionBuffers, on workers: WorkerPool) {
      let workspace = buffers.workspace.assumingMemoryBound(to: Float.self)
      let scratch = workspace + widenedCount
      let query = widen(buffers.query, 0, workspace, on: workers)
      let key = widen(buffers.key, 1, workspace, on: workers)
      let value = widen(buffers.value, 2, workspace, on: workers)
      let perFrame = (task.tokensPerFrame + Self.queryBlock - 1) / Self.queryBlock
      workers.run(blocks: task.extent.frames * perFrame) { block, worker in
        // The last frames see the most keys: they come first, so that no thread is left with them.
        let frame = task.extent.frames - 1 - block / perFrame
        let start = block % perFrame * Self.queryBlock
        let first = frame * task.tokensPerFrame + start
        attend(
          query + first * channels, count: min(Self.queryBlock, task.tokensPerFrame - start),
          keys: task.visibleKeys(frame: frame), key, value,
          into: buffers.output + first * channels * task.storage.bytes,
          scratch + worker * scratchCount)
      }
    }

    /// The values as float32: the memory itself, or part `index` of `workspace`.
    private func widen(
      _ values: UnsafeRawPointer, _ index: Int, _ workspace: UnsafeMutablePointer<Float>,
      on workers: WorkerPool
    ) -> UnsafePointer<Float> {
      guard task.storage != .f32 else { return values.assumingMemoryBound(to: Float.self) }
      let target = workspace + index * tokens * channels
      workers.run(blocks: task.extent.frames) { frame, _ in
        let first = frame * task.tokensPerFrame * channels
        plain_load(
          values + first * task.storage.bytes, task.storage.kernelType,
          task.tokensPerFrame * channels, target + first)
      }
      return UnsafePointer(target)
    }

    private func attend(
      _ queries: UnsafePointer<Float>, count: Int, keys: Range<Int>,
      _ key: UnsafePointer<Float>, _ value: UnsafePointer<Float>,
      into output: UnsafeMutableRawPointer, _ scratch: UnsafeMutablePointer<Float>
    ) {
      let scores = scratch
      let results = scores + Self.queryBlock * Self.keyBlock
      let maxima = results + Self.queryBlock * channels
      let sums = maxima + Self.queryBlock
      maxima.update(repeating: -.greatestFiniteMagnitude, count: count)
      sums.update(repeating: 0, count: count)
      let scale = 1 / Float(channels).squareRoot()
      for start in stride(from: keys.lowerBound, to: keys.upperBound, by: Self.keyBlock) {
        let columns = min(Self.keyBlock, keys.upperBound - start)
        OneDNNProduct.multiply(
          rows: count, columns: columns, depth: channels, queries, step: channels,
          key + start * channels, step: channels, isTransposed: true, into: scores,
          step: Self.keyBlock)
        let isFirst = start == keys.lowerBound
        for row in 0..<count {
          let correction = kernels.softmax_step(
            scores + row * Self.keyBlock, columns, scale, maxima + row, sums + row)
          if !isFirst, correction != 1 {
            plain_scale(results + row * channels, channels, correction)
          }
        }
        OneDNNProduct.multiply(
          rows: count, columns: channels, depth: columns, scores, step: Self.keyBlock,
          value + start * channels, step: channels, into: results, step: channels,
          adding: !isFirst)
      }
      for row in 0..<count { plain_scale(results + row * channels, channels, 1 / sums[row]) }
      plain_store(results, task.storage.kernelType, count * channels, output)
    }
  }
#endif
