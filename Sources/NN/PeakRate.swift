internal import CKernels

extension ComputeContext {
  /// Multiply-adds per second that the context's threads reach together on registers alone, in
  /// float32: what nothing can exceed. Measured in a quarter of a second.
  public func measurePeakRate() -> Double {
    let kernels = fast_kernels_for(fast_best_level()).pointee
    let rounds = 200_000
    var best = 0.0
    let done = UnsafeMutableBufferPointer<Double>.allocate(capacity: threads)
    defer { done.deallocate() }
    let end = ContinuousClock.now + .milliseconds(250)
    while ContinuousClock.now < end {
      let start = ContinuousClock.now
      workers.run(blocks: threads) { block, _ in done[block] = kernels.peak(rounds) }
      let elapsed = (ContinuousClock.now - start).components
      let seconds = Double(elapsed.seconds) + Double(elapsed.attoseconds) * 1e-18
      best = max(best, done.reduce(0, +) / seconds)
    }
    return best
  }
}
