import Models
import NN

/// What keeps a file from being read, made or written, as one line for people:
/// "FILE: what is wrong; what would be right".
public struct CodecError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The file as the caller named it; "-" is standard input or output.
  public let path: String
  public let reason: String

  /// "PATH: REASON".
  public var description: String {
    path == "-" ? "standard input or output: \(reason)" : "\(path): \(reason)"
  }

  public init(_ path: String, _ reason: String) {
    self.path = path
    self.reason = reason
  }
}

/// The work was cancelled, by a signal or by ``Cancellation/cancel(signal:)``.
public struct Interrupted: Error, Hashable, Sendable, CustomStringConvertible {
  /// The signal that asked for it; nil when the program itself did.
  public let signal: Int32?

  public var description: String { "interrupted" }
}

/// Runs `body`; errors of the model's layers, which know no files, are given the file's name.
func naming<Result>(_ path: String, _ body: () throws -> Result) throws -> Result {
  do {
    return try body()
  } catch let error as ModelError {
    throw CodecError(path, error.description)
  } catch let error as ComputeError {
    throw CodecError(path, error.description)
  }
}
