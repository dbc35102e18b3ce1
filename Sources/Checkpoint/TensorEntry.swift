import Tensor

/// One tensor of a file: what it is called and where its bytes lie. They are read when asked for.
public struct TensorEntry: Sendable {
  /// The name in the file, `encoder.conv_in.conv.weight`; empty for a bare tensor.
  public let name: String
  /// Extents, outermost axis first; empty for a single value.
  public let shape: [Int]
  public let dtype: DType
  private let file: MappedFile
  /// First byte in the file.
  private let offset: Int
  /// Elements from one index to the next along each axis; nil when the tensor is dense.
  private let strides: [Int]?

  /// A tensor whose elements all lie inside `file`, which the caller has made sure of.
  init(
    name: String, shape: [Int], dtype: DType, file: MappedFile, offset: Int, strides: [Int]? = nil
  ) {
    self.name = name
    self.shape = shape
    self.dtype = dtype
    self.file = file
    self.offset = offset
    self.strides = strides
  }

  /// A copy of `tensor` in memory, as if a file had it under `name`.
  public init(_ name: String, _ tensor: Tensor) {
    let file = tensor.withValues {
      MappedFile(copying: UnsafeRawBufferPointer($0), name: "tensors in memory")
    }
    self.init(name: name, shape: tensor.shape, dtype: .f32, file: file, offset: 0)
  }

  /// Path of the file that holds the tensor.
  public var path: String { file.path }

  /// Whether the elements lie one after the other.
  var isDense: Bool { strides == nil }

  /// Number of elements.
  public var count: Int { shape.reduce(1, *) }

  /// Bytes of the dense tensor.
  public var byteCount: Int { count * dtype.size }

  /// The same tensor under another name.
  public func renamed(_ name: String) -> TensorEntry {
    TensorEntry(
      name: name, shape: shape, dtype: dtype, file: file, offset: offset, strides: strides)
  }

  /// Reads the elements in row-major order, at any alignment: the file's own bytes, or a dense copy
  /// where the file has them strided. The buffer must not escape.
  public func withBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
    guard let strides else {
      return try file.withBytes { bytes in
        try body(UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + byteCount]))
      }
    }
    let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: byteCount, alignment: 64)
    defer { copy.deallocate() }
    file.withBytes { gather(from: $0, strides: strides, into: copy) }
    return try body(UnsafeRawBufferPointer(copy))
  }

  /// Gives the pages of a large tensor that was read back to the system; it can be read again.
  public func releasePages() {
    guard strides == nil, byteCount >= 1 << 18 else { return }
    file.releasePages(of: offset..<offset + byteCount)
  }

  /// The values as float32. Throws ``CheckpointError`` when they are no floating-point numbers, or
  /// when one of them is NaN, infinite or too large, naming its index.
  public func float32() throws -> Tensor {
    try withBytes { bytes in
      try check(bytes)
      return Tensor(shape, dtype, bytes: bytes)
    }
  }

  /// Throws ``CheckpointError`` unless all values are finite floating-point numbers.
  public func checkFinite() throws {
    try withBytes(check)
  }

  private func check(_ bytes: UnsafeRawBufferPointer) throws {
    guard dtype.isFloatingPoint else {
      throw CheckpointError(
        path, "tensor \(name.quoted) holds \(dtype.rawValue); floating-point numbers are needed")
    }
    if let index = dtype.firstNonFinite(in: bytes) {
      throw CheckpointError(
        path,
        "tensor \(name.quoted) is NaN or infinite at \(position(of: index)); "
          + "all values must be finite")
    }
  }

  /// `[1, 0, 2]` of an index in row-major order.
  private func position(of index: Int) -> [Int] {
    var rest = index
    var position = shape
    for axis in shape.indices.reversed() {
      position[axis] = rest % shape[axis]
      rest /= shape[axis]
    }
    return position
  }

  private func gather(
    from bytes: UnsafeRawBufferPointer, strides: [Int], into target: UnsafeMutableRawBufferPointer
  ) {
    guard !target.isEmpty else { return }
    let size = dtype.size
    var position = [Int](repeating: 0, count: shape.count)
    var element = 0
    for index in 0..<count {
      let from = offset + element * size
      target.baseAddress!.advanced(by: index * size)
        .copyMemory(from: bytes.baseAddress! + from, byteCount: size)
      for axis in shape.indices.reversed() {
        position[axis] += 1
        element += strides[axis]
        if position[axis] < shape[axis] { break }
        element -= strides[axis] * shape[axis]
        position[axis] = 0
      }
    }
  }
}
