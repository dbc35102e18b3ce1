internal import CKernels

/// Softmax attention, a block of queries against one block of keys after the other; maximum and sum
/// of the softmax are carried along. Keys and values are laid out as panels once.
///
/// Of bfloat16 queries and keys the products are exact; the softmax is rounded to bfloat16 where the
/// CPU multiplies such pairs.
struct FastAttention {
  private static let queryBlock = 128
  private static let keyBlock = 256

  private let task: AttentionTask
  private let kernels: fast_kernels
  /// Whether two bfloat16 values lie in a float's place.
  private let isPaired: Bool
  /// Tokens that see none but each other: a frame's, or all.
  private let sequence: Int

  init(_ task: AttentionTask, kernels: fast_kernels) {
    self.task = task
    self.kernels = kernels
    isPaired =
      kernels.multiply_pairs != nil && task.storage == .bf16 && task.channels.isMultiple(of: 2)
    sequence = task.isCausalByFrame ? task.extent.positions : task.tokensPerFrame
  }

  // Floats' places. Panels of keys: [sequence][block][key / 32][channel][32]; of values:
  // [sequence][block][channel / 32][key][32].

  private var channels: Int { task.channels }
  private var width: Int { isPaired ? channels / 2 : channels }
  private var paddedChannels: Int { Self.inPanels(channels) }
  private var sequences: Int { task.extent.positions / sequence }
  private var blocks: Int { (sequence + Self.keyBlock - 1) / Self.keyBlock }
  private var keysCount: Int { Self.inPanels(sequence) * width }
  private var valuesCount: Int {
    isPaired ? (sequence + 1) / 2 * paddedChannels : sequence * paddedChannels
  }
  /// Of one worker: queries as floats, scores, the same as pairs, results, maxima and sums.
  private var scratchCount: Int {
    let queries = task.storage == .f32 || isPaired ? 0 : channels
    let perQuery = queries + Self.keyBlock + Self.keyBlock / 2 + paddedChannels + 2
    return Self.queryBlock * perQuery
  }

  private static func inPanels(_ count: Int) -> Int {
    let width = Int(fast_panel_width)
    return (count + width - 1) / width * width
  }

  func workspaceBytes(workers: Int) -> Int {
    (sequences * (keysCount + valuesCount) + workers * scratchCount) * MemoryLayout<Float>.stride
  }

  func run(_ buffers: AttentionBuffers, on workers: WorkerPool) {
    let keys = buffers.workspace.assumingMemoryBound(to: Float.self)
    let values = keys + sequences * keysCount
    let scratch = values + sequences * valuesCount
    workers.run(blocks: sequences * blocks) { index, _ in
      pack(block: index % blocks, ofSequence: index / blocks, buffers, keys, values)
    }
    let perFrame = (task.tokensPerFrame + Self.queryBlock - 1) / Self.queryBlock
    workers.run(blocks: task.extent.frames * perFrame) { index, worker in
      // The last frames see the most keys: they come first, so that no thread is left with them.
      let frame = task.extent.frames - 1 - index / perFrame
      let start = index % perFrame * Self.queryBlock
      let first = frame * task.tokensPerFrame + start
      let sequence = first / sequence
      attend(
        buffers, first: first, count: min(Self.queryBlock, task.tokensPerFrame - start),
        visible: task.visibleKeys(frame: frame).count, keys + sequence * keysCount,
        values + sequence * valuesCount, scratch + worker * scratchCount)
    }
  }

  private func count(ofBlock block: Int) -> Int {
    min(Self.keyBlock, sequence - block * Self.keyBlock)
  }

  /// Lays out the keys and values of one block.
  private func pack(
    block: Int, ofSequence index: Int, _ buffers: AttentionBuffers,
    _ keys: UnsafeMutablePointer<Float>, _ values: UnsafeMutablePointer<Float>
  ) {
    let (start, count) = (block * Self.keyBlock, count(ofBlock: block))
    let bytes = (index * sequence + start) * channels * task.storage.bytes
    let keys = keys + index * keysCount + start * width
    let values = values + index * valuesCount + valueOffset(block)
    if isPaired {
      plain_panels_of_rows(buffers.key + bytes, PLAIN_F32, count, width, keys)
      plain_pair_panels_of_columns(buffers.value + bytes, count, channels, values)
    } else {
      let type = task.storage.kernelType
      plain_panels_of_rows(buffers.key + bytes, type, count, channels, keys)
      plain_panels_of_columns(buffers.value + bytes, type, count, channels, values)
    }
  }

  private func valueOffset(_ block: Int) -> Int {
    block * (isPaired ? Self.keyBlock / 2 : Self.keyBlock) * paddedChannels
  }

  /// Attends `count` queries from token `first` on to the first `visible` keys of their sequence.
  private func attend(
    _ buffers: AttentionBuffers, first: Int, count: Int, visible: Int,
    _ keys: UnsafePointer<Float>, _ values: UnsafePointer<Float>,
    _ scratch: UnsafeMutablePointer<Float>
  ) {
    let scores = scratch
    let pairs = scores + Self.queryBlock * Self.keyBlock
    let results = pairs + Self.queryBlock * Self.keyBlock / 2
    let maxima = results + Self.queryBlock * paddedChannels
    let sums = maxima + Self.queryBlock
    maxima.update(repeating: -.greatestFiniteMagnitude, count: count)
    sums.update(repeating: 0, count: count)
    let queries = queries(buffers, first: first, count: count, into: sums + Self.queryBlock)
    let scale = 1 / Float(channels).squareRoot()
    for block in 0..<(visible + Self.keyBlock - 1) / Self.keyBlock {
      let depth = self.count(ofBlock: block)
      let seen = min(visible - block * Self.keyBlock, depth)
      multiply(
        queries, step: width, rows: count, depth: width, keys + block * Self.keyBlock * width,
        columns: seen, into: scores, step: Self.keyBlock, adding: false)
      for row in 0..<count {
        let scores = scores + row * Self.keyBlock
        let correction = kernels.softmax_step(scores, seen, scale, maxima + row, sums + row)
        if block > 0, correction != 1 {
          plain_scale(results + row * paddedChannels, channels, correction)
        }
        let padded = isPaired ? (depth + 1) / 2 * 2 : depth
        (scores + seen).update(repeating: 0, count: padded - seen)
        if isPaired { plain_store(scores, PLAIN_BF16, padded, pairs + row * Self.keyBlock / 2) }
      }
      multiply(
        isPaired ? pairs : scores, step: isPaired ? Self.keyBlock / 2 : Self.keyBlock, rows: count,
        depth: isPaired ? (depth + 1) / 2 : depth, values + valueOffset(block), columns: channels,
        into: results, step: paddedChannels, adding: block > 0)
    }
    for row in 0..<count {
      let result = results + row * paddedChannels
      plain_scale(result, channels, 1 / sums[row])
      plain_store(
        result, task.storage.kernelType, channels,
        buffers.output + (first + row) * channels * task.storage.bytes)
    }
  }

  /// Queries as they are multiplied: where they lie, or as floats in `scratch`.
  private func queries(
    _ buffers: AttentionBuffers, first: Int, count: Int, into scratch: UnsafeMutablePointer<Float>
  ) -> UnsafePointer<Float> {
    let stored = buffers.query + first * channels * task.storage.bytes
    if task.storage == .f32 || isPaired { return stored.assumingMemoryBound(to: Float.self) }
    plain_load(stored, task.storage.kernelType, count * channels, scratch)
    return UnsafePointer(scratch)
  }

  /// `out (+)= a · panels`, all of whose panels are whole.
  private func multiply(
    _ a: UnsafePointer<Float>, step: Int, rows: Int, depth: Int, _ panels: UnsafePointer<Float>,
    columns: Int, into out: UnsafeMutablePointer<Float>, step outStep: Int, adding: Bool
  ) {
    withUnsafePointer(to: 0) { tap in
      var call = fast_product()
      call.a = a
      call.a_step = step
      call.rows = rows
      call.taps = tap
      call.tap_count = 1
      call.depth = depth
      call.panels = panels
      call.columns = Self.inPanels(columns)
      call.out = out
      call.out_step = outStep
      call.accumulates = adding ? 1 : 0
      if isPaired {
        kernels.multiply_pairs(&call)
      } else {
        kernels.multiply(&call)
      }
    }
  }
}
