import Foundation
import Tensor

/// Writes one tensor as `torch.save(tensor, path)` does; `torch.load(path, weights_only=True)`
/// reads it.
///
/// Values come in any order and in pieces. The same calls give the same bytes.
public struct TorchTensorWriter {
  private let output: OutputDescriptor
  private let dtype: DType
  private let count: Int
  private var missing: Int
  private var zip = ZipBuilder()

  /// Writes what comes before the values to `descriptor`, an empty regular file that the caller
  /// opened for reading and writing and closes; errors name `path`. Throws ``CheckpointError``
  /// when writing fails, or when the tensor is larger than a plain zip archive can hold (4 GiB).
  ///
  /// - Parameter dtype: F32, F16, BF16 or F64.
  public init(descriptor: Int32, path: String, dtype: DType, shape: [Int]) throws {
    output = OutputDescriptor(descriptor: descriptor, path: path)
    guard let storage = Self.storages[dtype], let size = byteCount(shape, dtype), size < 0xffff_0000
    else {
      throw CheckpointError(
        path,
        "cannot hold a tensor of shape \(shape) and dtype \(dtype.rawValue); floating-point "
          + "numbers of up to 4 GiB are possible, safetensors takes more")
    }
    self.dtype = dtype
    count = size / dtype.size
    missing = count
    let pickle = Self.pickle(storage: storage, shape: shape)
    for (name, bytes) in [
      ("data.pkl", pickle), ("byteorder", Array("little".utf8)), ("version", Array("3\n".utf8)),
    ] {
      zip.append("archive/\(name)", bytes)
    }
    zip.begin("archive/data/0", size: size)
    try zip.bytes.withUnsafeBytes { try output.write($0, at: 0) }
  }

  /// Writes `values` as the elements from `first` (in row-major order) on, rounded to the type.
  /// Each element must be written once. Throws ``CheckpointError`` when writing fails or when a
  /// value is NaN, infinite or too large for the type.
  public mutating func write(_ values: UnsafeBufferPointer<Float>, from first: Int = 0) throws {
    guard first >= 0, first + values.count <= count else {
      throw CheckpointError(
        output.path, "elements \(first)..<\(first + values.count) lie outside the tensor")
    }
    try output.write(values, as: dtype, of: "", from: first, startingAt: zip.bytes.count)
    missing -= values.count
  }

  /// Adds the checksum, read back from the file, and the table of contents. Throws
  /// ``CheckpointError`` unless every element was written. Does not sync the file.
  public mutating func finish() throws {
    guard missing == 0 else {
      throw CheckpointError(output.path, "\(missing) elements of the tensor were not written")
    }
    let start = zip.bytes.count
    let size = count * dtype.size
    var checksum = CRC32()
    try output.read(start..<start + size) { checksum.update($0) }
    zip.end(checksum: checksum.value)
    try zip.bytes.withUnsafeBytes { try output.write($0, at: 0) }
    try zip.directory(at: start + size).withUnsafeBytes { try output.write($0, at: start + size) }
  }

  private static let storages: [DType: String] = [
    .f32: "FloatStorage", .f16: "HalfStorage", .bf16: "BFloat16Storage", .f64: "DoubleStorage",
  ]

  /// `_rebuild_tensor_v2(storage 0, 0, shape, strides, False, OrderedDict())`, protocol 2.
  private static func pickle(storage: String, shape: [Int]) -> [UInt8] {
    func text(_ text: String) -> [UInt8] {
      [0x58] + littleEndian(UInt32(text.utf8.count)) + text.utf8
    }
    func integer(_ value: Int) -> [UInt8] { [0x8a, 8] + littleEndian(UInt64(value)) }
    func tuple(_ items: [UInt8]) -> [UInt8] { Array("(".utf8) + items + Array("t".utf8) }
    func global(_ name: String) -> [UInt8] { Array("c\(name)\n".utf8) }

    var strides = [Int](repeating: 1, count: shape.count)
    for axis in shape.indices.dropLast().reversed() {
      strides[axis] = strides[axis + 1] * max(shape[axis + 1], 1)
    }
    let id = tuple(
      text("storage") + global("torch\n\(storage)") + text("0") + text("cpu")
        + integer(shape.reduce(1, *)))
    let arguments = tuple(
      id + Array("Q".utf8) + integer(0) + tuple(shape.flatMap(integer))
        + tuple(strides.flatMap(integer)) + [0x89]
        + global("collections\nOrderedDict") + Array(")R".utf8))
    return [0x80, 2] + global("torch._utils\n_rebuild_tensor_v2") + arguments + Array("R.".utf8)
  }
}
