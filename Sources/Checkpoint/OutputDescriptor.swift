import Foundation
import Tensor

/// An open file that is written at given places.
struct OutputDescriptor {
  let descriptor: Int32
  /// Names the file in errors.
  let path: String

  /// Writes all of `bytes` from byte `offset` of the file on.
  func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws {
    var done = 0
    while done < bytes.count {
      let count = pwrite(
        descriptor, bytes.baseAddress! + done, bytes.count - done, off_t(offset + done))
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else {
        throw CheckpointError(path, "cannot be written: \(String(cString: strerror(errno)))")
      }
      done += count
    }
  }

  /// Reads the bytes `range` of the file, a piece at a time.
  func read(_ range: Range<Int>, _ body: (UnsafeRawBufferPointer) -> Void) throws {
    let piece = UnsafeMutableRawBufferPointer.allocate(
      byteCount: min(1 << 20, range.count), alignment: 64)
    defer { piece.deallocate() }
    var offset = range.lowerBound
    while offset < range.upperBound {
      let count = pread(
        descriptor, piece.baseAddress, min(piece.count, range.upperBound - offset), off_t(offset))
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else {
        throw CheckpointError(path, "cannot be read back: \(String(cString: strerror(errno)))")
      }
      body(UnsafeRawBufferPointer(rebasing: piece[..<count]))
      offset += count
    }
  }

  /// Writes `values` as `dtype`, being elements `first` and following of the tensor `name`, whose
  /// bytes begin at `start`. Throws when the type cannot hold one of them.
  func write(
    _ values: UnsafeBufferPointer<Float>, as dtype: DType, of name: String, from first: Int,
    startingAt start: Int
  ) throws {
    let chunk = 1 << 18
    let bytes = UnsafeMutableRawBufferPointer.allocate(
      byteCount: min(chunk, values.count) * dtype.size, alignment: 64)
    defer { bytes.deallocate() }
    for begin in stride(from: 0, to: values.count, by: chunk) {
      let part = UnsafeBufferPointer(rebasing: values[begin..<min(begin + chunk, values.count)])
      let target = UnsafeMutableRawBufferPointer(rebasing: bytes[..<(part.count * dtype.size)])
      dtype.encode(part, into: target)
      if let index = dtype.firstNonFinite(in: UnsafeRawBufferPointer(target)) {
        throw CheckpointError(
          path,
          "value \(first + begin + index) of tensor \(name.quoted) is \(part[index]), which "
            + "\(dtype.rawValue) cannot hold; all values must be finite")
      }
      try write(UnsafeRawBufferPointer(target), at: start + (first + begin) * dtype.size)
    }
  }
}
