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

  /// Writes the values as float32 to memory for `count` of them; zeros when recording. The file's
  /// pages do not stay in the program's memory.
  public func copy(to target: UnsafeMutablePointer<Float>) {
    let values = UnsafeMutableBufferPointer(start: target, count: count)
    guard let entry else {
      values.update(repeating: 0)
      return
    }
    entry.withBytes { entry.dtype.decode($0, into: values) }
    entry.releasePages()
  }

  /// The values as float32, row-major; zeros when recording.
  public func values() -> [Float] {
    [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
      if let base = buffer.baseAddress { copy(to: base) }
      initialized = count
    }
  }
}
