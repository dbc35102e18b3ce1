import Tensor

/// A parameter of a model: mapped in its file, read when a layer packs it.
public struct Weight: Sendable {
  /// The name in the checkpoint.
  public let name: String
  /// The shape the layer asked for; the file may have more or fewer extents of 1 behind it.
  public let shape: [Int]
  private let entry: TensorEntry?

  init(name: String, shape: [Int], entry: TensorEntry?) {
    self.name = name
    self.shape = shape
    self.entry = entry
  }

  /// The type in the file; F32 without a file.
  public var dtype: DType { entry?.dtype ?? .f32 }

  /// Number of values.
  public var count: Int { shape.reduce(1, *) }

  /// Whether there is no data behind the weight, only its name and shape.
  public var isRecording: Bool { entry == nil }

  /// Whether the file has the values one after the other, so that parts of them can be copied.
  public var isDense: Bool { entry?.isDense ?? true }

  /// Writes the values as float32 to memory for `count` of them; zeros when recording.
  public func copy(to target: UnsafeMutablePointer<Float>) {
    copy(0..<count, to: target)
  }

  /// Writes the values of `range`, in row-major order, as float32 to memory for as many; zeros when
  /// recording.
  public func copy(_ range: Range<Int>, to target: UnsafeMutablePointer<Float>) {
    let values = UnsafeMutableBufferPointer(start: target, count: range.count)
    guard let entry else {
      values.update(repeating: 0)
      return
    }
    let size = entry.dtype.size
    entry.withBytes { bytes in
      let part = bytes[range.lowerBound * size..<range.upperBound * size]
      entry.dtype.decode(UnsafeRawBufferPointer(rebasing: part), into: values)
    }
  }

  /// Gives the pages of the file that were read back to the system.
  public func releasePages() {
    entry?.releasePages()
  }

  /// The values as float32, row-major; zeros when recording.
  public func values() -> [Float] {
    [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
      if let base = buffer.baseAddress { copy(to: base) }
      initialized = count
    }
  }
}
