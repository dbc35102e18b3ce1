/// A JSON value. Integers keep all their digits; other numbers are doubles.
public enum JSONValue: Hashable, Sendable {
  case null
  case bool(Bool)
  case integer(Int)
  case number(Double)
  case string(String)
  case array([JSONValue])
  case object([String: JSONValue])
}

/// JSON as RFC 8259 has it, and nothing more: no duplicate keys, byte-order mark, bad UTF-8, lone
/// surrogates, deep nesting or text after the value. Foundation's parsers let most of these pass.
public enum StrictJSON {
  /// Largest text that is parsed, in bytes; configurations are a few kilobytes.
  public static let maximumSize = 16 << 20

  /// Parses `bytes`. Throws ``CheckpointError`` in the name of `file`.
  public static func parse(_ bytes: UnsafeRawBufferPointer, file: String) throws -> JSONValue {
    guard bytes.count <= maximumSize else {
      throw CheckpointError(
        file, "\(bytes.count) bytes of JSON; at most \(maximumSize) are accepted")
    }
    do {
      var reader = JSONReader(bytes)
      let value = try reader.value()
      try reader.end()
      return value
    } catch let problem as JSONProblem {
      throw CheckpointError(file, problem.description)
    }
  }

  /// Parses the contiguous bytes of `data`, a `[UInt8]` or `Data`.
  public static func parse(_ data: some Collection<UInt8>, file: String = "JSON") throws
    -> JSONValue
  {
    try data.withContiguousStorageIfAvailable {
      try parse(UnsafeRawBufferPointer($0), file: file)
    } ?? Array(data).withUnsafeBytes { try parse($0, file: file) }
  }
}
