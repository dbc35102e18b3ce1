/// A file that cannot be read as a checkpoint or tensor file, or cannot be written.
public struct CheckpointError: Error, Hashable, CustomStringConvertible {
  /// Path or name of the file.
  public let file: String
  /// What is wrong with it, and what would be right.
  public let problem: String

  public init(_ file: String, _ problem: String) {
    self.file = file
    self.problem = problem
  }

  /// One line: `FILE: what is wrong; what would be right`.
  public var description: String { "\(file): \(problem)" }
}

extension String {
  /// The string in quotes, on one line and of bounded length, as messages show names that a file
  /// chose.
  package var quoted: String {
    var text = ""
    for scalar in unicodeScalars.prefix(120) {
      let isPlain = scalar.properties.generalCategory != .control && scalar != "'"
      text += isPlain ? String(scalar) : scalar.escaped(asASCII: true)
    }
    return "'\(text)\(unicodeScalars.count > 120 ? "…" : "")'"
  }
}
