import Foundation

/// What goes to standard error; standard output is for results alone.
enum Diagnostics {
  static func error(_ message: String) {
    write("vaecodec: \(message)\n")
  }

  static func write(_ text: String) {
    var text = text
    // Nothing is to be done where nobody can be told.
    _ = text.withUTF8 { Foundation.write(STDERR_FILENO, $0.baseAddress, $0.count) }
  }
}
