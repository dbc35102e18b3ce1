/// A dense float32 tensor in row-major order (last axis fastest), with value semantics.
///
/// Video is `[C, T, H, W]`, RGB in `[-1, 1]`; latents are `[Z, t, h, w]`.
public struct Tensor: Sendable {
  /// Extents, outermost axis first.
  public let shape: [Int]
  private var storage: TensorStorage

  /// A tensor of `shape` whose values are set by `fill`, which must write all of them.
  public init(_ shape: [Int], fillingWith fill: (UnsafeMutableBufferPointer<Float>) throws -> Void)
    rethrows
  {
    precondition(shape.allSatisfy { $0 >= 0 }, "negative extent in \(shape)")
    let count = shape.reduce(1, *)
    let storage = TensorStorage(count: count)
    try fill(UnsafeMutableBufferPointer(start: storage.base, count: count))
    self.shape = shape
    self.storage = storage
  }

  /// A tensor of `shape`, every value `value`.
  public init(_ shape: [Int], repeating value: Float = 0) {
    self.init(shape) { $0.initialize(repeating: value) }
  }

  /// A tensor of `shape` holding `values` in row-major order; their counts must agree.
  public init(_ shape: [Int], _ values: some Collection<Float>) {
    precondition(values.count == shape.reduce(1, *), "\(values.count) values for \(shape)")
    self.init(shape) { _ = $0.initialize(from: values) }
  }

  /// Number of values.
  public var count: Int { storage.count }

  /// Reads the values in row-major order; the buffer must not escape.
  public func withValues<R>(_ body: (UnsafeBufferPointer<Float>) throws -> R) rethrows -> R {
    try withExtendedLifetime(storage) {
      try body(UnsafeBufferPointer(start: storage.base, count: storage.count))
    }
  }

  /// Changes the values in place; the buffer must not escape.
  public mutating func withMutableValues<R>(
    _ body: (UnsafeMutableBufferPointer<Float>) throws -> R
  ) rethrows -> R {
    if !isKnownUniquelyReferenced(&storage) {
      let copy = TensorStorage(count: storage.count)
      copy.base.initialize(from: storage.base, count: storage.count)
      storage = copy
    }
    return try withExtendedLifetime(storage) {
      try body(UnsafeMutableBufferPointer(start: storage.base, count: storage.count))
    }
  }

  /// The values as an array, row-major.
  public var values: [Float] { withValues { Array($0) } }

  /// The same values under another shape of equal count.
  public func reshaped(_ shape: [Int]) -> Tensor {
    precondition(shape.reduce(1, *) == count, "\(self.shape) does not reshape to \(shape)")
    return Tensor(sharing: self, shape: shape)
  }

  private init(sharing other: Tensor, shape: [Int]) {
    self.shape = shape
    self.storage = other.storage
  }
}
