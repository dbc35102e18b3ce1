import Tensor

/// A safetensors file: a JSON header that names tensors, then their bytes. Mapped, not read.
///
/// Everything the format leaves no room for is refused before memory is set aside for it.
/// Source: https://github.com/huggingface/safetensors#format
public final class SafetensorsFile: Sendable {
  /// The header's `__metadata__`.
  public let metadata: [String: String]
  /// The tensors in the order of their bytes.
  public let entries: [TensorEntry]
  /// The file itself.
  public let file: MappedFile
  private let indices: [String: Int]

  /// Maps the file at `path`. Throws ``CheckpointError`` unless it is a valid safetensors file.
  public convenience init(path: String) throws {
    try self.init(file: MappedFile(path: path))
  }

  /// Reads the header of `file`. Throws ``CheckpointError`` unless it is a valid one.
  public init(file: MappedFile) throws {
    self.file = file
    let header: SafetensorsHeader
    do {
      header = try file.withBytes { try SafetensorsHeader($0) }
    } catch let problem as JSONProblem {
      throw CheckpointError(file.path, "header is \(problem)")
    } catch let problem as FormatProblem {
      throw CheckpointError(file.path, problem.message)
    }
    metadata = header.metadata
    entries = header.tensors.map {
      TensorEntry(
        name: $0.name, shape: $0.shape, dtype: $0.dtype, file: file,
        offset: header.dataStart + $0.range.lowerBound)
    }
    indices = Dictionary(
      uniqueKeysWithValues: entries.indices.map { (header.tensors[$0].name, $0) })
  }

  /// The tensor called `name`.
  public subscript(_ name: String) -> TensorEntry? { indices[name].map { entries[$0] } }
}
