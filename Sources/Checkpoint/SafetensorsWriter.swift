import Foundation
import Tensor

/// Writes a safetensors file whose names, shapes and metadata are known before its values are.
///
/// The header goes out first; values follow in any order and in pieces, as a clip is encoded. The
/// same calls give the same bytes.
public struct SafetensorsWriter {
  /// A tensor to be written.
  public struct Item: Hashable, Sendable {
    public let name: String
    public let dtype: DType
    public let shape: [Int]

    public init(name: String, dtype: DType, shape: [Int]) {
      self.name = name
      self.dtype = dtype
      self.shape = shape
    }
  }

  private struct Slot {
    var item: Item
    var offset: Int
    var missing: Int
  }

  private let output: OutputDescriptor
  private var slots: [String: Slot] = [:]

  /// Writes the header to `descriptor`, an empty regular file that the caller opened for writing
  /// and closes; errors name `path`.
  ///
  /// Tensors lie in the file by element size, largest first, so that all are aligned, and then in
  /// the order given. Throws ``CheckpointError`` when writing fails or the names are no names.
  public init(
    descriptor: Int32, path: String, items: [Item], metadata: [String: String] = [:]
  ) throws {
    output = OutputDescriptor(descriptor: descriptor, path: path)
    var records: [String] = []
    if !metadata.isEmpty {
      let pairs = metadata.sorted { $0.key < $1.key }.map {
        "\($0.key.jsonLiteral):\($0.value.jsonLiteral)"
      }
      records.append("\"__metadata__\":{\(pairs.joined(separator: ","))}")
    }
    let sizes = Set(items.map(\.dtype.size)).sorted(by: >)
    var end = 0
    for item in sizes.flatMap({ size in items.filter { $0.dtype.size == size } }) {
      guard item.name != "__metadata__", slots[item.name] == nil,
        item.shape.allSatisfy({ $0 >= 0 }), let size = byteCount(item.shape, item.dtype),
        size < Int.max - end
      else {
        throw CheckpointError(
          path,
          "cannot hold a tensor \(item.name.quoted) of shape \(item.shape) "
            + "beside the others; names must differ")
      }
      slots[item.name] = Slot(item: item, offset: end, missing: size / item.dtype.size)
      let shape = item.shape.map(String.init).joined(separator: ",")
      records.append(
        "\(item.name.jsonLiteral):{\"dtype\":\"\(item.dtype.rawValue)\",\"shape\":[\(shape)],"
          + "\"data_offsets\":[\(end),\(end + size)]}")
      end += size
    }
    var header = Array("{\(records.joined(separator: ","))}".utf8)
    // Spaces up to a multiple of 8 keep the values behind it aligned.
    header += [UInt8](repeating: UInt8(ascii: " "), count: -header.count & 7)
    let start = littleEndian(UInt64(header.count)) + header
    try start.withUnsafeBytes { try output.write($0, at: 0) }
    for name in slots.keys { slots[name]?.offset += start.count }
  }

  /// Writes `values` as elements of the floating-point tensor `name`, from element `first` (in
  /// row-major order) on, rounding to its type. Each element must be written once. Throws
  /// ``CheckpointError`` when writing fails or when a value is NaN, infinite or too large for the
  /// type.
  public mutating func write(
    _ values: UnsafeBufferPointer<Float>, to name: String, from first: Int = 0
  ) throws {
    let slot = try slot(name, first, values.count)
    try output.write(values, as: slot.item.dtype, of: name, from: first, startingAt: slot.offset)
    slots[name]?.missing -= values.count
  }

  /// Writes the whole tensor `name`.
  public mutating func write(_ tensor: Tensor, to name: String) throws {
    try tensor.withValues { try write($0, to: name) }
  }

  /// Writes `bytes`, elements of the tensor `name` in its own type, from element `first` on.
  public mutating func write(
    _ bytes: UnsafeRawBufferPointer, to name: String, from first: Int = 0
  ) throws {
    let size = slots[name]?.item.dtype.size ?? 1
    let slot = try slot(name, first, bytes.count / size)
    try output.write(bytes, at: slot.offset + first * size)
    slots[name]?.missing -= bytes.count / size
  }

  private func slot(_ name: String, _ first: Int, _ count: Int) throws -> Slot {
    guard let slot = slots[name] else {
      throw CheckpointError(output.path, "tensor \(name.quoted) is not among those announced")
    }
    guard first >= 0, first + count <= slot.item.shape.reduce(1, *) else {
      throw CheckpointError(
        output.path,
        "elements \(first)..<\(first + count) lie outside tensor \(name.quoted) "
          + "of shape \(slot.item.shape)")
    }
    return slot
  }

  /// Throws ``CheckpointError`` unless every element was written. Does not sync the file.
  public func finish() throws {
    for slot in slots.values where slot.missing != 0 {
      throw CheckpointError(
        output.path, "\(slot.missing) elements of tensor \(slot.item.name.quoted) were not written")
    }
  }
}

extension String {
  /// The string as JSON has it, with everything but printable ASCII escaped.
  var jsonLiteral: String {
    var text = "\""
    for unit in utf16 {
      switch unit {
      case 0x22: text += "\\\""
      case 0x5c: text += "\\\\"
      case 0x20..<0x7f: text.unicodeScalars.append(Unicode.Scalar(UInt8(unit)))
      default:
        let digits = String(unit, radix: 16)
        text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      }
    }
    return text + "\""
  }
}
