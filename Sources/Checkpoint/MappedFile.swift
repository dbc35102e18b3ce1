import Foundation

/// The bytes of a file, mapped into memory and read-only.
///
/// `@unchecked`: the memory is never written and stays valid until `deinit`.
public final class MappedFile: @unchecked Sendable {
  /// The path as given, or the name of embedded bytes.
  public let path: String
  let bytes: UnsafeRawBufferPointer
  private let release: @Sendable (UnsafeMutableRawBufferPointer) -> Void
  /// Whether the bytes are a file's pages, which can be given back and read again.
  private let isMapped: Bool

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
    isMapped = count > 0
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
    isMapped = false
    self.bytes = bytes
    release = { _ in }
  }

  /// Takes a copy of `bytes` as if it were a file called `name`.
  public init(copying bytes: UnsafeRawBufferPointer, name: String) {
    path = name
    isMapped = false
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

  /// Gives the pages of `range`, which was read, back to the system: they would count as the
  /// program's memory until the file is closed. They can be read again.
  func releasePages(of range: Range<Int>) {
    guard isMapped, let base = bytes.baseAddress else { return }
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    let first = (range.lowerBound + page - 1) / page * page
    let end = range.upperBound / page * page
    guard end > first else { return }
    madvise(UnsafeMutableRawPointer(mutating: base + first), end - first, MADV_DONTNEED)
  }

  /// Reads the bytes; the buffer must not escape.
  public func withBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
    try withExtendedLifetime(self) { try body(bytes) }
  }
}
