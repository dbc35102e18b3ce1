import Foundation

/// A file that always holds the input in work, also after the process has died of it.
final class LastInput {
  private let path: String
  private let descriptor: Int32

  /// Creates the file at `path`.
  init(path: String) throws {
    self.path = path
    descriptor = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw ImproperRefusal(description: "cannot create \(path)") }
  }

  deinit { close(descriptor) }

  /// Replaces the file's contents. A write that fails leaves only the note wrong.
  func note(_ input: [UInt8]) {
    _ = input.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, 0) }
    _ = ftruncate(descriptor, off_t(input.count))
  }
}
