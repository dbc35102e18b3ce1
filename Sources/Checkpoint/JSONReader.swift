/// What is wrong with a JSON text, and at which byte.
struct JSONProblem: Error, CustomStringConvertible {
  let offset: Int
  let message: String

  var description: String { "not valid JSON at byte \(offset): \(message)" }
}

/// Reads JSON piece by piece, so that a caller who knows what must come next stores nothing else.
struct JSONReader {
  private static let maximumDepth = 64

  private let bytes: UnsafeRawBufferPointer
  private(set) var offset = 0
  private var depth = 0

  /// `bytes` must outlive the reader.
  init(_ bytes: UnsafeRawBufferPointer) {
    self.bytes = bytes
  }

  func problem(_ message: String) -> JSONProblem {
    JSONProblem(offset: offset, message: message)
  }

  /// The next byte that is not white space, which stays unread; nil at the end.
  mutating func peek() -> UInt8? {
    while offset < bytes.count {
      switch bytes[offset] {
      case UInt8(ascii: " "), UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: "\t"):
        offset += 1
      default: return bytes[offset]
      }
    }
    return nil
  }

  /// Throws unless nothing but white space is left.
  mutating func end() throws {
    if peek() != nil { throw problem("text after the value; it must end here") }
  }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard peek() == UInt8(ascii: character) else { return false }
    offset += 1
    return true
  }

  /// Reads any value.
  mutating func value() throws -> JSONValue {
    switch peek() {
    case UInt8(ascii: "{"):
      var members: [String: JSONValue] = [:]
      try object { reader, key in members[key] = try reader.value() }
      return .object(members)
    case UInt8(ascii: "["):
      var elements: [JSONValue] = []
      try array { reader in elements.append(try reader.value()) }
      return .array(elements)
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    case nil: throw problem("the text ends where a value must come")
    default: return try number()
    }
  }

  /// Reads an object; `member` reads each value. Throws at a key that comes twice.
  mutating func object(_ member: (inout JSONReader, String) throws -> Void) throws {
    var keys = Set<String>()
    try nested("{", "}", "an object") { reader in
      let start = reader.offset
      let key = try reader.string()
      guard keys.insert(key).inserted else {
        throw JSONProblem(offset: start, message: "key \(key.quoted) again; keys must differ")
      }
      guard reader.take(":") else { throw reader.problem("a ':' must follow the key") }
      try member(&reader, key)
    }
  }

  /// Reads an array; `element` reads each value.
  mutating func array(_ element: (inout JSONReader) throws -> Void) throws {
    try nested("[", "]", "an array", element)
  }

  private mutating func nested(
    _ open: Unicode.Scalar, _ close: Unicode.Scalar, _ kind: String,
    _ item: (inout JSONReader) throws -> Void
  ) throws {
    guard take(open) else { throw problem("\(kind) must come here") }
    guard depth < Self.maximumDepth else {
      throw problem("nested deeper than \(Self.maximumDepth) levels")
    }
    depth += 1
    defer { depth -= 1 }
    if take(close) { return }
    repeat { try item(&self) } while take(",")
    guard take(close) else { throw problem("a ',' or '\(close)' must come here") }
  }

  /// Reads a whole number that fits in 64 bits.
  mutating func integer() throws -> Int {
    let start = offset
    guard case .integer(let value) = try number() else {
      throw JSONProblem(offset: start, message: "a whole number must come here")
    }
    return value
  }

  private mutating func word(_ word: StaticString, _ value: JSONValue) throws -> JSONValue {
    let end = offset + word.utf8CodeUnitCount
    let expected = UnsafeRawBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount)
    guard end <= bytes.count, bytes[offset..<end].elementsEqual(expected) else {
      throw problem("a value must come here")
    }
    offset = end
    return value
  }

  private mutating func number() throws -> JSONValue {
    _ = peek()
    let start = offset
    if offset < bytes.count, bytes[offset] == UInt8(ascii: "-") { offset += 1 }
    let whole = digits()
    guard whole > 0 else {
      offset = start
      throw problem("a value must come here")
    }
    if whole > 1, bytes[offset - whole] == UInt8(ascii: "0") {
      throw problem("a number must not begin with 0")
    }
    var isInteger = true
    if offset < bytes.count, bytes[offset] == UInt8(ascii: ".") {
      isInteger = false
      offset += 1
      guard digits() > 0 else { throw problem("digits must follow the point") }
    }
    if offset < bytes.count, bytes[offset] | 0x20 == UInt8(ascii: "e") {
      isInteger = false
      offset += 1
      if offset < bytes.count, "+-".utf8.contains(bytes[offset]) { offset += 1 }
      guard digits() > 0 else { throw problem("digits must follow the exponent sign") }
    }
    guard offset - start <= 64 else { throw problem("a number of more than 64 characters") }
    let text = String(decoding: bytes[start..<offset], as: UTF8.self)
    if isInteger {
      guard let value = Int(text) else { throw problem("\(text) does not fit in 64 bits") }
      return .integer(value)
    }
    guard let value = Double(text), value.isFinite else {
      throw problem("\(text) is too large for a double")
    }
    return .number(value)
  }

  /// Skips decimal digits and says how many.
  private mutating func digits() -> Int {
    let start = offset
    while offset < bytes.count, UInt8(ascii: "0")...UInt8(ascii: "9") ~= bytes[offset] {
      offset += 1
    }
    return offset - start
  }

  /// Reads a string.
  mutating func string() throws -> String {
    guard take("\"") else { throw problem("a string must come here") }
    var text = ""
    while true {
      let start = offset
      while offset < bytes.count, bytes[offset] >= 0x20, bytes[offset] != UInt8(ascii: "\""),
        bytes[offset] != UInt8(ascii: "\\")
      {
        offset += 1
      }
      guard let part = String(validating: bytes[start..<offset], as: UTF8.self) else {
        throw JSONProblem(offset: start, message: "the string is not valid UTF-8")
      }
      text += part
      guard offset < bytes.count else { throw problem("the text ends inside a string") }
      switch bytes[offset] {
      case UInt8(ascii: "\""):
        offset += 1
        return text
      case UInt8(ascii: "\\"):
        offset += 1
        text.unicodeScalars.append(try escape())
      default: throw problem("a control character in a string; it must be escaped")
      }
    }
  }

  private mutating func escape() throws -> Unicode.Scalar {
    guard offset < bytes.count else { throw problem("the text ends inside a string") }
    let character = bytes[offset]
    offset += 1
    switch character {
    case UInt8(ascii: "\""): return "\""
    case UInt8(ascii: "\\"): return "\\"
    case UInt8(ascii: "/"): return "/"
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{c}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"): break
    default: throw problem("an unknown escape in a string")
    }
    let first = try codeUnit()
    if let scalar = Unicode.Scalar(first) { return scalar }
    guard 0xd800...0xdbff ~= first, offset + 1 < bytes.count,
      bytes[offset] == UInt8(ascii: "\\"), bytes[offset + 1] == UInt8(ascii: "u")
    else { throw problem("a lone surrogate in a string") }
    offset += 2
    let second = try codeUnit()
    guard 0xdc00...0xdfff ~= second,
      let scalar = Unicode.Scalar(0x10000 + (first - 0xd800) << 10 + (second - 0xdc00))
    else { throw problem("a lone surrogate in a string") }
    return scalar
  }

  /// Reads four hexadecimal digits.
  private mutating func codeUnit() throws -> UInt32 {
    guard offset + 4 <= bytes.count else { throw problem("the text ends inside a string") }
    var value: UInt32 = 0
    for byte in bytes[offset..<offset + 4] {
      guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue, byte < 0x80 else {
        throw problem("four hexadecimal digits must follow '\\u'")
      }
      value = value << 4 | UInt32(digit)
    }
    offset += 4
    return value
  }
}
