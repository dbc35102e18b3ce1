import Foundation

/// What goes to standard error; standard output is for results alone.
enum Diagnostics {
  static func error(_ message: String) {
    write("vaecodec: \(message)\n")
  }

  static func write(_ text: String) {
    FileHandle.standardError.write(Data(text.utf8))
  }
}
