internal import CKernels

/// Bulk conversion between float32 and floating-point bytes as files hold them (little-endian,
/// aligned or not). Only for types where `isFloatingPoint` holds.
extension DType {
  /// Widens (or, from F64, rounds to nearest even) `bytes` into `values`; the counts must agree.
  public func decode(
    _ bytes: UnsafeRawBufferPointer, into values: UnsafeMutableBufferPointer<Float>
  ) {
    precondition(bytes.count == values.count * size, "\(bytes.count) bytes, \(values.count) values")
    guard let source = bytes.baseAddress, let target = values.baseAddress else { return }
    switch self {
    case .f32: UnsafeMutableRawPointer(target).copyMemory(from: source, byteCount: bytes.count)
    case .f16: plain_f16_to_f32(source, target, values.count)
    case .bf16: plain_bf16_to_f32(source, target, values.count)
    case .f64: plain_f64_to_f32(source, target, values.count)
    default: preconditionFailure("\(rawValue) holds no floating-point numbers")
    }
  }

  /// Narrows `values` into `bytes`, rounding to nearest even; the counts must agree.
  public func encode(
    _ values: UnsafeBufferPointer<Float>, into bytes: UnsafeMutableRawBufferPointer
  ) {
    precondition(bytes.count == values.count * size, "\(bytes.count) bytes, \(values.count) values")
    guard let source = values.baseAddress, let target = bytes.baseAddress else { return }
    switch self {
    case .f32: target.copyMemory(from: source, byteCount: bytes.count)
    case .f16: plain_f32_to_f16(source, target, values.count)
    case .bf16: plain_f32_to_bf16(source, target, values.count)
    case .f64: plain_f32_to_f64(source, target, values.count)
    default: preconditionFailure("\(rawValue) holds no floating-point numbers")
    }
  }

  /// Index of the first value in `bytes` that is NaN, infinite, or beyond float32.
  public func firstNonFinite(in bytes: UnsafeRawBufferPointer) -> Int? {
    let count = bytes.count / size
    guard let source = bytes.baseAddress else { return nil }
    let index =
      switch self {
      case .f32: plain_f32_first_nonfinite(source, count)
      case .f16: plain_f16_first_nonfinite(source, count)
      case .bf16: plain_bf16_first_nonfinite(source, count)
      case .f64: plain_f64_first_nonfinite(source, count)
      default: count
      }
    return index < count ? index : nil
  }
}

extension Tensor {
  /// Index, in row-major order, of the first value that is NaN or infinite.
  public var firstNonFinite: Int? {
    withValues { DType.f32.firstNonFinite(in: UnsafeRawBufferPointer($0)) }
  }

  /// A tensor of `shape` from floating-point `bytes` of type `dtype`; their size must fit.
  public init(_ shape: [Int], _ dtype: DType, bytes: UnsafeRawBufferPointer) {
    self.init(shape) { dtype.decode(bytes, into: $0) }
  }
}
