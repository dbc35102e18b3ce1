internal import CFFmpeg

/// What went wrong with a media file, as one line for people: "FILE: what is wrong".
public struct MediaError: Error, Sendable, CustomStringConvertible {
  /// What was being done, e.g. "cannot open".
  public let operation: String
  /// The file as the caller named it; "-" is standard input or output.
  public let path: String
  /// The library's own words for its error code, or the reason found here.
  public let reason: String

  /// "PATH: operation: reason".
  public var description: String {
    let name = path == "-" ? "standard input or output" : path
    return operation.isEmpty ? "\(name): \(reason)" : "\(name): \(operation): \(reason)"
  }

  init(_ path: String, _ operation: String = "", reason: String) {
    self.path = path
    self.operation = operation
    self.reason = reason
  }

  init(_ path: String, _ operation: String, code: Int32) {
    self.init(path, operation, reason: Self.text(code))
  }

  /// libav's text for an error code (`av_strerror`).
  static func text(_ given: Int32) -> String {
    // Some decoders return a bare -1 for bad data, which would read "Operation not permitted".
    let code = given == -1 ? cff_invalid_data : given
    return withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(AV_ERROR_MAX_STRING_SIZE)) {
      buffer in
      guard let base = buffer.baseAddress else { return "error \(code)" }
      av_strerror(code, base, buffer.count)
      return String(cString: base)
    }
  }
}

/// Turns a negative libav result into a ``MediaError``; passes any other result on.
@discardableResult
func check(_ code: Int32, _ path: String, _ operation: String) throws -> Int32 {
  guard code >= 0 else { throw MediaError(path, operation, code: code) }
  return code
}
