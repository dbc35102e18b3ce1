import Foundation

/// A file, or standard output, written with every result checked.
final class OutputFile {
  private let path: String
  private var descriptor: Int32

  /// - Parameter path: created or emptied; "-" is standard output, whose closed pipe then gives an
  ///   error instead of ending the process.
  init(_ path: String) throws {
    self.path = path
    if path == "-" {
      signal(SIGPIPE, SIG_IGN)
      descriptor = dup(STDOUT_FILENO)
    } else {
      descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
    }
    guard descriptor >= 0 else { throw failure() }
  }

  deinit {
    if descriptor >= 0 { Foundation.close(descriptor) }
  }

  func write(_ bytes: [UInt8]) throws {
    try bytes.withUnsafeBytes { try write($0) }
  }

  func write(_ bytes: UnsafeRawBufferPointer) throws {
    var rest = bytes[...]
    while !rest.isEmpty {
      let part = UnsafeRawBufferPointer(rebasing: rest)
      let written = Foundation.write(descriptor, part.baseAddress, part.count)
      if written < 0 {
        if errno == EINTR { continue }
        throw failure()
      }
      rest = rest.dropFirst(written)
    }
  }

  func close() throws {
    let closing = descriptor
    descriptor = -1
    guard Foundation.close(closing) == 0 else { throw failure() }
  }

  private func failure() -> MediaError {
    MediaError(path, "cannot write", reason: String(cString: strerror(errno)))
  }
}
