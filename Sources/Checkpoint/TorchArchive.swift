import Tensor

/// The tensors of a file that `torch.save` wrote: a zip archive of a pickle and of raw storages.
///
/// The pickle is read by an interpreter that can build nothing but tensors and dictionaries of
/// them; any other global that it names is refused by its name. Tensors stay in the mapped file.
/// The pickle's checksum is verified, the storages' are not.
public final class TorchArchive: Sendable {
  /// The tensors, in the order of the pickle: one named "" for a bare tensor, else those of the
  /// dictionary, or of its `state_dict`; keys of nested dictionaries are joined with `.`.
  public let entries: [TensorEntry]
  /// The file itself.
  public let file: MappedFile

  /// Maps the file at `path`. Throws ``CheckpointError`` unless it is such an archive.
  public convenience init(path: String) throws {
    try self.init(file: MappedFile(path: path))
  }

  /// Reads the pickle in `file`. Throws ``CheckpointError`` unless it is such an archive.
  public init(file: MappedFile) throws {
    self.file = file
    do {
      entries = try file.withBytes { try Self.entries(of: $0, file) }
    } catch let problem as FormatProblem {
      throw CheckpointError(file.path, problem.message)
    }
  }

  private static func entries(
    of bytes: UnsafeRawBufferPointer, _ file: MappedFile
  ) throws -> [TensorEntry] {
    guard bytes.starts(with: "PK".utf8) else {
      throw FormatProblem(
        "is no zip archive; torch.save writes one since PyTorch 1.6, save it again with that")
    }
    let archive = try ZipDirectory(bytes).entries
    let pickles = archive.values.filter { $0.name.hasSuffix("/data.pkl") }
    guard pickles.count == 1, let record = pickles.first,
      case let folder = record.name.dropLast("data.pkl".count),
      archive.keys.allSatisfy({ $0.hasPrefix(folder) })
    else { throw FormatProblem("is not what torch.save writes: one folder with one data.pkl") }
    if let order = archive["\(folder)byteorder"], !bytes[order.range].elementsEqual("little".utf8) {
      throw FormatProblem("was saved on a big-endian computer; little-endian is needed")
    }
    guard record.range.count <= PickleReader.maximumSize,
      case let text = UnsafeRawBufferPointer(rebasing: bytes[record.range]),
      CRC32.checksum(text) == record.checksum
    else { throw FormatProblem("has a pickle whose checksum is wrong; is the file damaged?") }

    var names = Set<String>()
    let tensors = try PickleReader.read(text).tensors()
    guard !tensors.isEmpty else { throw FormatProblem("holds no tensors") }
    return try tensors.map { name, tensor in
      guard names.insert(name).inserted else {
        throw FormatProblem("holds two tensors \(name.quoted); names must differ")
      }
      let storage = tensor.storage
      guard let bytes = archive["\(folder)data/\(storage.key)"]?.range,
        bytes.count == byteCount([storage.count], storage.dtype)
      else {
        throw FormatProblem(
          "lacks the \(storage.count) \(storage.dtype.rawValue) values of tensor \(name.quoted)")
      }
      return TensorEntry(
        name: name, shape: tensor.shape, dtype: storage.dtype, file: file,
        offset: bytes.lowerBound + tensor.offset * storage.dtype.size,
        strides: tensor.isDense ? nil : tensor.strides)
    }
  }
}
