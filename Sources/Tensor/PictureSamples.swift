internal import CKernels

extension Tensor {
  /// The values with index `range`, row-major, as 8-bit samples, as the reference's `save_sample`
  /// makes them: clamped to [-1, 1], mapped to [0, 1], `x · 255 + 0.5` truncated.
  ///
  /// - Parameter target: receives `range.count` samples.
  public func writeSamples(
    _ range: Range<Int>, to target: UnsafeMutableBufferPointer<UInt8>
  ) {
    precondition(range.lowerBound >= 0 && range.upperBound <= count, "values out of range")
    precondition(target.count == range.count, "\(range.count) values, \(target.count) samples")
    withValues { values in
      guard let source = values.baseAddress, let samples = target.baseAddress else { return }
      plain_f32_to_samples(source + range.lowerBound, samples, range.count)
    }
  }
}
