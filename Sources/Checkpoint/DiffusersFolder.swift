import Foundation

/// A model as `diffusers` saves it: a folder with `config.json` and the weights, in one file or in
/// shards that an index lists.
enum DiffusersFolder {
  private static let stems = ["diffusion_pytorch_model", "model", "pytorch_model"]

  static func open(_ folder: String) throws -> Checkpoint {
    let configuration = try json(folder, "config.json")
    for stem in stems {
      let index = "\(stem).safetensors.index.json"
      if has(folder, index) {
        return try sharded(folder, index: index, configuration: configuration)
      }
      for name in ["\(stem).safetensors", "\(stem).bin", "\(stem).pt"] where has(folder, name) {
        let weights = try Checkpoint.open(join(folder, name))
        return Checkpoint(
          entries: weights.entries, configuration: configuration, files: weights.files)
      }
    }
    throw CheckpointError(folder, "holds no weights; \(stems[0]).safetensors is needed")
  }

  private static func sharded(_ folder: String, index: String, configuration: JSONValue) throws
    -> Checkpoint
  {
    let path = join(folder, index)
    guard case .object(let object) = try json(folder, index),
      case .object(let map) = object["weight_map"]
    else { throw CheckpointError(path, "has no object \"weight_map\"; it must list the shards") }

    var namesByShard: [String: Set<String>] = [:]
    for (name, shard) in map {
      guard case .string(let shard) = shard, isPlainName(shard) else {
        throw CheckpointError(
          path, "places tensor \(name.quoted) in no file of its folder; a file name is needed")
      }
      namesByShard[shard, default: []].insert(name)
    }
    var entries: [TensorEntry] = []
    var files: [MappedFile] = []
    for (shard, names) in namesByShard.sorted(by: { $0.key < $1.key }) {
      let file = try SafetensorsFile(path: join(folder, shard))
      let held = Set(file.entries.map(\.name))
      if let name = names.symmetricDifference(held).min() {
        let fault = held.contains(name) ? "holds" : "lacks"
        throw CheckpointError(
          file.file.path, "\(fault) tensor \(name.quoted), contrary to \(index)")
      }
      entries += file.entries
      files.append(file.file)
    }
    return Checkpoint(entries: entries, configuration: configuration, files: files)
  }

  /// Whether `name` stays inside the folder that it is joined to.
  private static func isPlainName(_ name: String) -> Bool {
    !name.isEmpty && name != "." && name != ".." && !name.utf8.contains { $0 == 0x2f || $0 == 0 }
  }

  private static func json(_ folder: String, _ name: String) throws -> JSONValue {
    let path = join(folder, name)
    guard has(folder, name) else {
      let nested = has(folder, "vae/config.json") ? "; did you mean \(join(folder, "vae"))?" : ""
      throw CheckpointError(folder, "holds no \(name)\(nested)")
    }
    return try MappedFile(path: path).withBytes { try StrictJSON.parse($0, file: path) }
  }

  private static func has(_ folder: String, _ name: String) -> Bool {
    FileManager.default.fileExists(atPath: join(folder, name))
  }

  private static func join(_ folder: String, _ name: String) -> String {
    folder.hasSuffix("/") ? folder + name : "\(folder)/\(name)"
  }
}
