#if ONEDNN
  internal import CKernels

  /// The fast engine: convolutions with less arithmetic in vector code for each kind of CPU; oneDNN's
  /// products for 1×1×1 convolutions.
  final class FastEngine: Engine {
    let name: String
    let prepareThread = OneDNNProduct.prepareThread
    private let kernels: fast_kernels

    /// - Parameter level: the vector unit to use at most.
    init(level: fast_level) {
      kernels = fast_kernels_for(level).pointee
      name = "onednn (\(String(cString: kernels.name)))"
    }

    func packing(for task: ConvolutionTask) -> WeightPacking {
      let (layout, bytes) =
        if suitsWinograd(task) {
          (winograd(task).weights.layout, winograd(task).weights.bytes)
        } else {
          (direct(task).layout.layout, direct(task).layout.bytes)
        }
      // Small weights stay: packing them would take as long as a call on a small tile.
      return WeightPacking(layout: layout, bytes: bytes, isKept: bytes <= 15 << 20)
    }

    func pack(
      _ weights: UnsafePointer<Float>, into packed: UnsafeMutableRawPointer,
      for task: ConvolutionTask, on workers: WorkerPool
    ) {
      let packed = packed.assumingMemoryBound(to: Float.self)
      if suitsWinograd(task) {
        winograd(task).weights.pack(weights, into: packed, kernels: kernels, on: workers)
      } else {
        direct(task).layout.pack(weights, into: packed, on: workers)
      }
    }

    func workspaceBytes(for task: ConvolutionTask, workers: Int) -> Int {
      suitsWinograd(task)
        ? winograd(task).workspaceBytes(workers: workers)
        : direct(task).workspaceBytes(workers: workers)
    }

    func effectiveMultiplyAdds(of task: ConvolutionTask) -> Int {
      suitsWinograd(task)
        ? min(winograd(task).multiplyAdds, task.multiplyAdds) : task.multiplyAdds
    }

    func gathersSums(for task: ConvolutionTask) -> Bool {
      suitsWinograd(task) || FastDirect.gathersSums(for: task)
    }

    func convolve(_ task: ConvolutionTask, _ buffers: ConvolutionBuffers, on workers: WorkerPool) {
      if suitsWinograd(task) {
        winograd(task).run(buffers, on: workers)
      } else {
        direct(task).run(buffers, on: workers)
      }
    }

    func workspaceBytes(for task: AttentionTask, workers: Int) -> Int {
      FastAttention(task, kernels: kernels).workspaceBytes(workers: workers)
    }

    func attend(_ task: AttentionTask, _ buffers: AttentionBuffers, on workers: WorkerPool) {
      FastAttention(task, kernels: kernels).run(buffers, on: workers)
    }

    private func suitsWinograd(_ task: ConvolutionTask) -> Bool {
      FastWinograd.suits(task, kernels)
    }

    private func direct(_ task: ConvolutionTask) -> FastDirect {
      FastDirect(task, kernels: kernels)
    }

    private func winograd(_ task: ConvolutionTask) -> FastWinograd {
      FastWinograd(task, kernels: kernels)
    }
  }
#endif
