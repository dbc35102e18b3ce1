import Codec
import Foundation

/// Results. One that cannot be written is an error: whoever reads them must not take it for none.
enum StandardOutput {
  /// Writes a line at once.
  static func print(_ text: String) throws {
    try write(Data("\(text)\n".utf8))
  }

  static func write(_ data: Data) throws {
    var rest = data[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Foundation.write(STDOUT_FILENO, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else {
        throw CodecError("standard output", "cannot write: \(String(cString: strerror(errno)))")
      }
      rest = rest.dropFirst(count)
    }
  }
}
