import Foundation

/// The inputs of a run, one by one, from what was named on a command line.
public enum InputList {
  /// What a folder is searched for.
  public enum Kind: Sendable {
    /// Videos and pictures, by their extensions.
    case media
    /// Latent files, by theirs.
    case latents

    var extensions: Set<String> {
      switch self {
      case .media:
        [
          "mp4", "m4v", "mov", "mkv", "webm", "avi", "ts", "mts", "m2ts", "mpg", "mpeg", "ogv",
          "flv", "wmv", "3gp", "gif", "png", "jpg", "jpeg", "y4m",
        ]
      case .latents: ["safetensors", "latent", "pt"]
      }
    }
  }

  /// Expands folders (in order, with their subfolders; hidden files left out) and lists (`@FILE`,
  /// a path per line, relative to the working folder; blank lines and lines that begin with # left
  /// out). What is named itself is kept, whatever its name, also when it does not exist.
  ///
  /// - Throws: ``CodecError`` for a list or folder that cannot be read or holds nothing.
  public static func expand(_ arguments: [String], kind: Kind) throws -> [BatchInput] {
    try arguments.flatMap { try expand($0, kind: kind, lists: []) }
  }

  private static func expand(
    _ argument: String, kind: Kind, lists: Set<String>
  ) throws -> [BatchInput] {
    if argument.hasPrefix("@") {
      let list = String(argument.dropFirst())
      guard !lists.contains(list) else { throw CodecError(list, "the list names itself") }
      guard let text = try? String(contentsOfFile: list, encoding: .utf8) else {
        throw CodecError(list, "cannot read this list of inputs")
      }
      let lines = text.split(whereSeparator: \.isNewline)
        .map { $0.trimmingCharacters(in: .whitespaces) }
        .filter { !$0.isEmpty && !$0.hasPrefix("#") }
      guard !lines.isEmpty else { throw CodecError(list, "the list names no input") }
      return try lines.flatMap { try expand($0, kind: kind, lists: lists.union([list])) }
    }
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: argument, isDirectory: &isFolder),
      isFolder.boolValue
    else { return [BatchInput(path: argument, folder: "")] }
    let inputs = try walk(argument, below: "", kind: kind)
    guard !inputs.isEmpty else {
      throw CodecError(argument, "this folder holds no \(kind == .media ? "video" : "latent file")")
    }
    return inputs
  }

  private static func walk(
    _ root: String, below folder: String, kind: Kind
  ) throws -> [BatchInput] {
    let path = folder.isEmpty ? root : "\(root)/\(folder)"
    let names: [String]
    do {
      names = try FileManager.default.contentsOfDirectory(atPath: path).sorted()
    } catch {
      throw CodecError(path, "cannot read this folder")
    }
    var inputs: [BatchInput] = []
    for name in names where !name.hasPrefix(".") {
      let relative = folder.isEmpty ? name : "\(folder)/\(name)"
      // A link to a folder could lead round in circles.
      let attributes = try? FileManager.default.attributesOfItem(atPath: "\(root)/\(relative)")
      if attributes?[.type] as? FileAttributeType == .typeDirectory {
        inputs += try walk(root, below: relative, kind: kind)
      } else if kind.extensions.contains(name.fileExtension) {
        inputs.append(BatchInput(path: "\(path)/\(name)", folder: folder))
      }
    }
    return inputs
  }
}

/// One input of a batch.
public struct BatchInput: Hashable, Sendable {
  /// The file; "-" is standard input.
  public let path: String
  /// Where below the output folder its results go: its folder relative to the one that was named.
  public let folder: String

  public init(path: String, folder: String = "") {
    self.path = path
    self.folder = folder
  }

  /// The file's name without its folder and extension; `.latents.safetensors` goes as one.
  public var stem: String {
    if path == "-" { return "stdin" }
    let name = path.fileName
    for suffix in [".latents.safetensors"] where name.count > suffix.count && name.hasSuffix(suffix)
    {
      return String(name.dropLast(suffix.count))
    }
    let stem = name.fileStem
    return stem.isEmpty ? name : stem
  }
}
