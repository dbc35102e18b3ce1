internal import CKernels

/// Softmax attention, a block of queries against one block of keys after the other; maximum and sum
/// of the softmax are carried along.
struct PlainAttention {
  private static let queryBlock = 128
  private static let keyBlock = 128

  private let task: AttentionTask
  /// Channels in whole panels.
  private let paddedChannels: Int

  init(_ task: AttentionTask) {
    self.task = task
    let width = PlainLayout.panelWidth
    paddedChannels = (task.channels + width - 1) / width * width
  }

  /// Floats of scratch memory for one worker.
  var scratchCount: Int {
    let (queries, keys) = (Self.queryBlock, Self.keyBlock)
    return queries * task.channels  // queries
      + keys * task.channels  // keys in panels
      + keys * paddedChannels  // values in panels
      + queries * keys  // scores
      + queries * paddedChannels  // results
      + 2 * queries  // maxima and sums
      + 16
  }

  func run(_ buffers: AttentionBuffers, on workers: WorkerPool) {
    let perFrame = (task.tokensPerFrame + Self.queryBlock - 1) / Self.queryBlock
    let scratch = buffers.workspace.assumingMemoryBound(to: Float.self)
    workers.run(blocks: task.extent.frames * perFrame) { block, worker in
      let (frame, part) = (block / perFrame, block % perFrame)
      let first = part * Self.queryBlock
      let count = min(Self.queryBlock, task.tokensPerFrame - first)
      attend(
        queries: frame * task.tokensPerFrame + first, count: count,
        keys: task.visibleKeys(frame: frame), buffers, scratch + worker * scratchCount)
    }
  }

  private func attend(
    queries first: Int, count: Int, keys: Range<Int>, _ buffers: AttentionBuffers,
    _ scratch: UnsafeMutablePointer<Float>
  ) {
    let (channels, type) = (task.channels, task.storage.kernelType)
    let rowBytes = channels * task.storage.bytes
    let queries = scratch
    let keyPanels = queries + Self.queryBlock * channels
    let valuePanels = keyPanels + Self.keyBlock * channels
    let scores = valuePanels + Self.keyBlock * paddedChannels
    let results = scores + Self.queryBlock * Self.keyBlock
    let maxima = results + Self.queryBlock * paddedChannels
    let sums = maxima + Self.queryBlock
    plain_load(buffers.query + first * rowBytes, type, count * channels, queries)
    results.update(repeating: 0, count: count * paddedChannels)
    maxima.update(repeating: -.greatestFiniteMagnitude, count: count)
    sums.update(repeating: 0, count: count)
    let scale = 1 / Float(channels).squareRoot()

    for start in stride(from: keys.lowerBound, to: keys.upperBound, by: Self.keyBlock) {
      let keyCount = min(Self.keyBlock, keys.upperBound - start)
      plain_panels_of_rows(buffers.key + start * rowBytes, type, keyCount, channels, keyPanels)
      plain_panels_of_columns(
        buffers.value + start * rowBytes, type, keyCount, channels, valuePanels)
      multiply(queries, channels, count, keyPanels, keyCount, scores, Self.keyBlock, adding: false)
      for row in 0..<count {
        let correction = plain_softmax_step(
          scores + row * Self.keyBlock, keyCount, scale, maxima + row, sums + row)
        plain_scale(results + row * paddedChannels, paddedChannels, correction)
      }
      multiply(
        scores, Self.keyBlock, count, valuePanels, channels, results, paddedChannels,
        depth: keyCount, adding: true)
    }
    for row in 0..<count {
      plain_scale(results + row * paddedChannels, channels, 1 / sums[row])
      plain_store(
        results + row * paddedChannels, type, channels, buffers.output + (first + row) * rowBytes)
    }
  }

  /// `out (+)= a · panels`, `columns` columns; `depth` nil means as deep as rows of `a` are apart.
  private func multiply(
    _ a: UnsafePointer<Float>, _ step: Int, _ rows: Int, _ panels: UnsafePointer<Float>,
    _ columns: Int, _ out: UnsafeMutablePointer<Float>, _ outStep: Int, depth: Int? = nil,
    adding: Bool
  ) {
    let (depth, width) = (depth ?? step, PlainLayout.panelWidth)
    var offset = 0
    for panel in 0..<(columns + width - 1) / width {
      plain_multiply(
        a, step, rows, &offset, 1, depth, panels + panel * depth * width, out + panel * width,
        outStep, adding ? 1 : 0)
    }
  }
}
