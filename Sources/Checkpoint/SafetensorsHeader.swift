import Tensor

/// The header of a safetensors file, checked against the file's size.
struct SafetensorsHeader {
  struct TensorRecord {
    var name: String
    var dtype: DType
    var shape: [Int]
    /// Bytes, counted from the end of the header.
    var range: Range<Int>
  }

  /// Largest header that the format allows, in bytes.
  static let maximumSize = 100_000_000
  /// More axes than any tensor has.
  static let maximumRank = 32

  var metadata: [String: String] = [:]
  /// Sorted by the place of their bytes.
  var tensors: [TensorRecord] = []
  /// Where the tensors' bytes begin in the file.
  let dataStart: Int

  /// Parses the header at the start of `file`, the whole file's bytes.
  init(_ file: UnsafeRawBufferPointer) throws {
    guard file.count >= 8 else {
      throw FormatProblem(
        "\(file.count) bytes long; a safetensors file has a header of 8 bytes or more")
    }
    let size = UInt64(littleEndian: file.loadUnaligned(as: UInt64.self))
    guard size <= Self.maximumSize else {
      throw FormatProblem(
        "not a safetensors file: its first 8 bytes announce a header of \(size) bytes; "
          + "at most \(Self.maximumSize) are allowed")
    }
    guard size <= file.count - 8 else {
      throw FormatProblem(
        "the header should have \(size) bytes, the file ends after \(file.count - 8); "
          + "is it truncated?")
    }
    dataStart = 8 + Int(size)
    try parse(UnsafeRawBufferPointer(rebasing: file[8..<dataStart]))
    tensors.sort {
      ($0.range.lowerBound, $0.range.upperBound, $0.name)
        < ($1.range.lowerBound, $1.range.upperBound, $1.name)
    }
    try checkLayout(dataSize: file.count - dataStart)
  }

  private mutating func parse(_ text: UnsafeRawBufferPointer) throws {
    guard text.first == UInt8(ascii: "{") else {
      throw FormatProblem("the header does not begin with '{'; it must be JSON")
    }
    var reader = JSONReader(text)
    try reader.object { reader, name in
      if name == "__metadata__" {
        try reader.object { reader, key in metadata[key] = try reader.string() }
      } else {
        tensors.append(try Self.record(name, &reader))
      }
    }
    try reader.end()
  }

  private static func record(_ name: String, _ reader: inout JSONReader) throws -> TensorRecord {
    var dtype: DType?
    var shape: [Int]?
    var range: Range<Int>?
    try reader.object { reader, key in
      switch key {
      case "dtype":
        let spelling = try reader.string()
        dtype = DType(rawValue: spelling)
        guard dtype != nil else {
          let known = DType.allCases.map(\.rawValue).joined(separator: ", ")
          throw FormatProblem(
            "tensor \(name.quoted) has dtype \(spelling.quoted); known are \(known)")
        }
      case "shape":
        shape = try naturalNumbers(&reader, most: maximumRank)
      case "data_offsets":
        let offsets = try naturalNumbers(&reader, most: 2)
        guard offsets.count == 2, offsets[0] <= offsets[1] else {
          throw FormatProblem(
            "tensor \(name.quoted) has data_offsets \(offsets); "
              + "a begin and an end that is not before it are needed")
        }
        range = offsets[0]..<offsets[1]
      default:
        throw FormatProblem(
          "tensor \(name.quoted) has a field \(key.quoted); "
            + "only dtype, shape and data_offsets are defined")
      }
    }
    guard let dtype, let shape, let range else {
      throw FormatProblem(
        "tensor \(name.quoted) lacks a field; it needs dtype, shape and data_offsets")
    }
    guard let size = byteCount(shape, dtype), size == range.count else {
      throw FormatProblem(
        "tensor \(name.quoted) of shape \(shape) and dtype \(dtype.rawValue) "
          + "has \(range.count) bytes; that is not its size")
    }
    return TensorRecord(name: name, dtype: dtype, shape: shape, range: range)
  }

  private static func naturalNumbers(_ reader: inout JSONReader, most count: Int) throws -> [Int] {
    var numbers: [Int] = []
    try reader.array { reader in
      let number = try reader.integer()
      guard number >= 0 else { throw reader.problem("a number that is not negative must come") }
      guard numbers.count < count else { throw reader.problem("more than \(count) numbers") }
      numbers.append(number)
    }
    return numbers
  }

  /// Every byte behind the header must belong to one tensor.
  private func checkLayout(dataSize: Int) throws {
    var end = 0
    for tensor in tensors {
      guard tensor.range.lowerBound == end else {
        let fault = tensor.range.lowerBound < end ? "overlaps the tensor before" : "leaves a hole"
        throw FormatProblem(
          "tensor \(tensor.name.quoted) begins at byte \(tensor.range.lowerBound) "
            + "and \(fault); it must begin at \(end)")
      }
      end = tensor.range.upperBound
    }
    guard end == dataSize else {
      let fault = end > dataSize ? "is truncated" : "has trailing bytes"
      throw FormatProblem("\(fault): \(dataSize) bytes follow the header, its tensors take \(end)")
    }
  }
}

/// Bytes of a dense tensor; nil when no computer has so many.
func byteCount(_ shape: [Int], _ dtype: DType) -> Int? {
  if shape.contains(0) { return 0 }
  var count = dtype.size
  for extent in shape {
    let (product, overflow) = count.multipliedReportingOverflow(by: extent)
    if overflow { return nil }
    count = product
  }
  return count
}
