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
  /// Of one worker: queries, scores, the same as pairs, results; maxima, sums and factors.
  private var scratchCount: Int {
    let pairs = isPaired ? Self.keyBlock / 2 : 0
    return Self.queryBlock * (fast_padded(width) + Self.keyBlock + pairs + paddedChannels + 3)
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
    let queries = scratch
    let scores = queries + Self.queryBlock * fast_padded(width)
    let weights = isPaired ? scores + Self.queryBlock * Self.keyBlock : scores
    let results = weights + Self.queryBlock * Self.keyBlock / (isPaired ? 2 : 1)
    let maxima = results + Self.queryBlock * paddedChannels
    let sums = maxima + Self.queryBlock
    let factors = sums + Self.queryBlock
    maxima.update(repeating: -.greatestFiniteMagnitude, count: count)
    sums.update(repeating: 0, count: count)
    load(buffers, first: first, count: count, into: queries)
    var softmax = fast_softmax(
      scores: scores, line_step: Self.steps.line, rows: count, count: 0, padded: 0,
      scale: 1 / Float(channels).squareRoot(), maxima: maxima, sums: sums, corrections: factors,
      to: isPaired ? PLAIN_BF16 : PLAIN_F32, out: weights)
    for block in 0..<(visible + Self.keyBlock - 1) / Self.keyBlock {
      let depth = self.count(ofBlock: block)
      softmax.count = min(visible - block * Self.keyBlock, depth)
      softmax.padded = (depth + 1) / 2 * 2
      multiply(
        queries, rows: count, depth: width, keys + block * Self.keyBlock * width,
        columns: softmax.count, into: scores, adding: false)
      kernels.softmax(&softmax)
      if block > 0 { scale(results, by: factors, count: count) }
      multiply(
        weights, rows: count, depth: isPaired ? softmax.padded / 2 : depth,
        values + valueOffset(block), columns: channels, into: results, adding: block > 0)
    }
    for row in 0..<count { factors[row] = 1 / sums[row] }
    scale(results, by: factors, count: count)
    store(results, count: count, to: buffers.output + first * channels * task.storage.bytes)
  }

  /// Queries, scores and results lie as products want them.
  private static let steps = FastSteps(linesOf: queryBlock)

  /// Brings queries into the form in which they are multiplied.
  private func load(
    _ buffers: AttentionBuffers, first: Int, count: Int, into target: UnsafeMutablePointer<Float>
  ) {
    var input = fast_input()
    input.type = task.storage.kernelType
    input.channels = channels
    input.row_step = channels
    input.to = isPaired ? PLAIN_BF16 : PLAIN_F32
    kernels.load(
      &input, buffers.query + first * channels * task.storage.bytes, count, target,
      Self.steps.row, Self.steps.line)
  }

  private func scale(
    _ results: UnsafeMutablePointer<Float>, by factors: UnsafePointer<Float>, count: Int
  ) {
    for line in 0..<fast_padded(channels) / Int(fast_lane_count) {
      kernels.scale(results + line * Self.steps.line, factors, count)
    }
  }

  private func store(
    _ results: UnsafeMutablePointer<Float>, count: Int, to target: UnsafeMutableRawPointer
  ) {
    var output = fast_output()
    output.type = task.storage.kernelType
    output.channels = channels
    output.row_step = channels
    kernels.finish(&output, results, Self.steps.row, Self.steps.line, count, target, nil, nil)
  }

  /// `out (+)= a · panels`, all of whose panels are whole.
  private func multiply(
    _ a: UnsafePointer<Float>, rows: Int, depth: Int, _ panels: UnsafePointer<Float>, columns: Int,
    into out: UnsafeMutablePointer<Float>, adding: Bool
  ) {
    withUnsafePointer(to: 0) { tap in
      var call = fast_product()
      call.a = a
      call.a_lines = Self.steps.lines(rows: rows)
      call.rows = rows
      call.taps = tap
      call.tap_count = 1
      call.depth = depth
      call.panels = panels
      call.columns = Self.inPanels(columns)
      call.out = out
      call.out_lines = call.a_lines
      call.accumulates = adding ? 1 : 0
      call.batch = 1
      if isPaired {
        kernels.multiply_pairs(&call)
      } else {
        kernels.multiply(&call)
      }
    }
  }
}
