internal import CKernels

/// The engine that is always there: direct convolution and blockwise attention in portable vector
/// code.
final class PlainEngine: Engine {
  let name = "plain (\(String(cString: plain_vector_unit())))"
  let prepareThread: @Sendable () -> Void = {}

  func packing(for task: ConvolutionTask) -> WeightPacking {
    let layout = PlainLayout(task)
    // Small weights stay: packing them would take as long as a call on a small tile.
    return WeightPacking(layout: 0, bytes: layout.bytes, isKept: layout.bytes <= 8 << 20)
  }

  func pack(
    _ weights: UnsafePointer<Float>, into packed: UnsafeMutableRawPointer,
    for task: ConvolutionTask, on workers: WorkerPool
  ) {
    PlainLayout(task).pack(
      weights, into: packed.assumingMemoryBound(to: Float.self), on: workers)
  }

  func workspaceBytes(for task: ConvolutionTask, workers: Int) -> Int {
    PlainConvolution(task).scratchCount * workers * MemoryLayout<Float>.stride
  }

  func effectiveMultiplyAdds(of task: ConvolutionTask) -> Int { task.multiplyAdds }

  func gathersSums(for task: ConvolutionTask) -> Bool { false }

  func convolve(_ task: ConvolutionTask, _ buffers: ConvolutionBuffers, on workers: WorkerPool) {
    PlainConvolution(task).run(buffers, on: workers)
  }

  func workspaceBytes(for task: AttentionTask, workers: Int) -> Int {
    PlainAttention(task).scratchCount * workers * MemoryLayout<Float>.stride
  }

  func attend(_ task: AttentionTask, _ buffers: AttentionBuffers, on workers: WorkerPool) {
    PlainAttention(task).run(buffers, on: workers)
  }
}
