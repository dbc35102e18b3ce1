import Foundation

/// An open file descriptor; every failure names the file. Closed with the last reference.
///
/// `Sendable`: the descriptor never changes, and positioned reads and writes need no lock.
final class File: Sendable {
  /// The name for messages.
  let path: String
  let descriptor: Int32

  /// Opens an existing file for reading.
  convenience init(reading path: String) throws {
    try self.init(path, named: path, flags: O_RDONLY)
  }

  /// Creates a file that must not exist yet; `name` stands for it in messages.
  convenience init(creating path: String, named name: String) throws {
    try self.init(path, named: name, flags: O_RDWR | O_CREAT | O_EXCL)
  }

  /// A new file without a name in the folder of `path`, which stands for it in messages; nil where
  /// the system or the file system knows none.
  static func unnamed(beside path: String) -> File? {
    #if os(Linux)
      // O_TMPFILE, a macro that Swift does not see.
      let unnamed = 0o20_000_000 | O_DIRECTORY
      let folder = path.parentFolder
      // It gets its name, and is opened again, by way of this folder.
      guard access("/proc/self/fd", X_OK) == 0 else { return nil }
      return try? File(folder.isEmpty ? "." : folder, named: path, flags: O_RDWR | unnamed)
    #else
      return nil
    #endif
  }

  /// Opens an existing file for writing; `name` stands for it in messages.
  convenience init(updating path: String, named name: String) throws {
    try self.init(path, named: name, flags: O_RDWR)
  }

  private init(_ path: String, named name: String, flags: Int32) throws {
    descriptor = open(path, flags | O_CLOEXEC, 0o666)
    self.path = name
    if descriptor < 0 { throw Self.systemError(name, "cannot open") }
  }

  deinit {
    if descriptor >= 0 { close(descriptor) }
  }

  /// Size in bytes.
  func size() throws -> Int {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw Self.systemError(path, "cannot read") }
    return Int(status.st_size)
  }

  /// Fills `target` from `offset` on; a file that ends before is an error.
  func read(into target: UnsafeMutableRawBufferPointer, at offset: Int) throws {
    var done = 0
    while done < target.count, let base = target.baseAddress {
      let n = pread(descriptor, base + done, target.count - done, off_t(offset + done))
      if n < 0, errno == EINTR { continue }
      guard n >= 0 else { throw Self.systemError(path, "cannot read") }
      guard n > 0 else { throw CodecError(path, "ends early; the file is cut short") }
      done += n
    }
  }

  /// Writes all bytes from `offset` on.
  func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws {
    var done = 0
    while done < bytes.count, let base = bytes.baseAddress {
      let n = pwrite(descriptor, base + done, bytes.count - done, off_t(offset + done))
      if n < 0, errno == EINTR { continue }
      guard n >= 0 else { throw Self.systemError(path, "cannot write") }
      done += n
    }
  }

  /// Waits until the content is on the disk.
  func synchronize() throws {
    while fsync(descriptor) != 0 {
      // Pipes and some network folders cannot be synchronized: there is nothing to wait for.
      if errno == EINVAL || errno == ENOTSUP { return }
      if errno != EINTR { throw Self.systemError(path, "cannot write") }
    }
  }

  /// "PATH: WHAT: the system's reason" for an error number, the current one if none is given.
  static func systemError(_ path: String, _ what: String, _ code: Int32 = errno) -> CodecError {
    CodecError(path, "\(what): \(String(cString: strerror(code)))")
  }
}
