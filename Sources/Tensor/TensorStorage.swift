/// Memory of a ``Tensor``: float32 values, aligned to a cache line.
///
/// `@unchecked`: written only while `Tensor` holds the sole reference (copy on write), so that
/// shared instances are read-only.
final class TensorStorage: @unchecked Sendable {
  let base: UnsafeMutablePointer<Float>
  let count: Int

  /// Uninitialized memory for `count` values.
  init(count: Int) {
    self.count = count
    let bytes = max(count, 1) * MemoryLayout<Float>.stride
    let raw = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 64)
    base = raw.bindMemory(to: Float.self, capacity: max(count, 1))
  }

  deinit {
    UnsafeMutableRawPointer(base).deallocate()
  }
}
