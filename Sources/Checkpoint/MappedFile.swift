import Foundation

/// The bytes of a file, mapped into memory and read-only.
///
/// `@unchecked`: the memory is never written and stays valid until `deinit`.
public final class MappedFile: @unchecked Sendable {
  /// The path as given, or the name of embedded bytes.
  public let path: String
  let bytes: UnsafeRawBufferPointer
  private let release: @Sendable (UnsafeMutableRawBufferPointer) -> Void

  /// Maps the regular file at `path`. Throws ``CheckpointError`` when there is none to read.
  public init(path: String) throws {
    self.path = path
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw CheckpointError(path, String(cString: strerror(errno))) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      throw CheckpointError(path, String(cString: strerror(errno)))
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw CheckpointError(path, "not a regular file; a tensor file is needed")
    }
    let count = Int(status.st_size)
    guard count > 0 else {  // no system maps zero bytes
      release = { _ in }
      bytes = UnsafeRawBufferPointer(start: nil, count: 0)
      return
    }
    let memory = mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0)
    guard memory != MAP_FAILED, let memory else {
      throw CheckpointError(path, "cannot be mapped: \(String(cString: strerror(errno)))")
    }
    release = { munmap($0.baseAddress, $0.count) }
    bytes = UnsafeRawBufferPointer(start: memory, count: count)
  }

  /// Takes `bytes` as if they were a file called `name`; they must stay valid for ever.
  public init(embedded bytes: UnsafeRawBufferPointer, name: String) {
    path = name
    self.bytes = bytes
    release = { _ in }
  }

  /// Takes a copy of `bytes` as if it were a file called `name`.
  public init(copying bytes: UnsafeRawBufferPointer, name: String) {
    path = name
    let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 64)
    copy.copyMemory(from: bytes)
    self.bytes = UnsafeRawBufferPointer(copy)
    release = { $0.deallocate() }
  }

  deinit {
    release(UnsafeMutableRawBufferPointer(mutating: bytes))
  }

  /// Size in bytes.
  public var count: Int { bytes.count }

  /// Reads the bytes; the buffer must not escape.
  public func withBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
    try withExtendedLifetime(self) { try body(bytes) }
  }
}
