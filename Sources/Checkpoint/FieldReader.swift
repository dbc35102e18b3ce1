/// Reads little-endian fields one after another; what runs over the end is an error.
struct FieldReader {
  private let bytes: UnsafeRawBufferPointer
  private let end: Int
  /// The next byte, counted in the whole buffer.
  private(set) var offset: Int

  /// Reads `range` of `bytes`, which must outlive the reader.
  init(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) {
    self.bytes = bytes
    offset = range.lowerBound
    end = range.upperBound
  }

  var isAtEnd: Bool { offset == end }

  mutating func skip(_ count: Int) throws {
    guard count <= end - offset else { throw FormatProblem("ends too early; is it truncated?") }
    offset += count
  }

  private mutating func number<T: FixedWidthInteger>(_: T.Type) throws -> T {
    let start = offset
    try skip(T.bitWidth / 8)
    return T(littleEndian: bytes.loadUnaligned(fromByteOffset: start, as: T.self))
  }

  mutating func u8() throws -> UInt8 { try number(UInt8.self) }
  mutating func u16() throws -> UInt16 { try number(UInt16.self) }
  mutating func u32() throws -> UInt32 { try number(UInt32.self) }
  mutating func u64() throws -> UInt64 { try number(UInt64.self) }

  /// A 64-bit number that is a size or a place in a file.
  mutating func natural() throws -> Int {
    guard let value = Int(exactly: try u64()) else {
      throw FormatProblem("has a size of more than 63 bits")
    }
    return value
  }

  /// `count` bytes of UTF-8.
  mutating func text(_ count: Int) throws -> String {
    let start = offset
    try skip(count)
    guard let text = String(validating: bytes[start..<offset], as: UTF8.self) else {
      throw FormatProblem("has a name at byte \(start) that is not UTF-8")
    }
    return text
  }

  /// The bytes up to a line feed, as text; the line feed is skipped.
  mutating func line() throws -> String {
    guard let length = bytes[offset..<end].prefix(256).firstIndex(of: 0x0a).map({ $0 - offset })
    else { throw FormatProblem("has a line at byte \(offset) that does not end") }
    let text = try text(length)
    try skip(1)
    return text
  }

  /// A reader of the next `count` bytes, which are skipped here.
  mutating func sub(_ count: Int) throws -> FieldReader {
    let start = offset
    try skip(count)
    return FieldReader(bytes, start..<offset)
  }
}
