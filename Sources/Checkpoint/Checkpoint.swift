import Foundation

/// The weights of a model and what says how it is built, in any of the forms they come in.
public final class Checkpoint: Sendable {
  /// The tensors, in the order of their files.
  public let entries: [TensorEntry]
  /// The `config.json` beside the weights, where the checkpoint is a folder.
  public let configuration: JSONValue?
  /// The files that hold the weights: one, or the shards in the order of their names.
  public let files: [MappedFile]

  init(entries: [TensorEntry], configuration: JSONValue? = nil, files: [MappedFile]) {
    self.entries = entries
    self.configuration = configuration
    self.files = files
  }

  /// Takes `bytes` as a safetensors file called `name`; they must stay valid for ever. Throws
  /// ``CheckpointError``.
  public convenience init(embedded bytes: UnsafeRawBufferPointer, name: String) throws {
    let file = try SafetensorsFile(file: MappedFile(embedded: bytes, name: name))
    self.init(entries: file.entries, files: [file.file])
  }

  /// Paths of the files that hold the weights.
  public var paths: [String] { files.map(\.path) }

  /// Opens what `path` names: a `diffusers` folder, or a file that safetensors or `torch.save`
  /// wrote, told apart by their first bytes. Throws ``CheckpointError``.
  public static func open(_ path: String) throws -> Checkpoint {
    if isFolder(path) { return try DiffusersFolder.open(path) }
    let file = try MappedFile(path: path)
    let isArchive = file.withBytes { $0.starts(with: "PK".utf8) }
    let isTorch = ["pt", "pth", "bin", "ckpt"].contains { path.hasSuffix(".\($0)") }
    let entries =
      isArchive || isTorch
      ? try TorchArchive(file: file).entries : try SafetensorsFile(file: file).entries
    return Checkpoint(entries: entries, files: [file])
  }

  private static func isFolder(_ path: String) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
      && isFolder.boolValue
  }
}
