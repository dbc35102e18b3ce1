import Foundation

/// Writes small files that belong together, by their paths, in place of those that exist; none where
/// one cannot be written.
package func writeWhole(_ contents: [String: Data], session: Session) throws {
  let files = try contents.sorted { $0.key < $1.key }.map { path, data in
    let file = try AtomicFile(path, replacing: true, in: session.temporaries)
    try data.withUnsafeBytes { try file.file.write($0, at: 0) }
    return file
  }
  for file in files { try file.commit() }
}

/// A file that appears under its final name whole or not at all.
///
/// It is an ``UnfinishedFile`` in the same folder until ``commit()`` makes it durable and gives it its
/// name. Without a commit it goes with the last reference.
final class AtomicFile {
  /// Where the file will be.
  let path: String
  private let unfinished: UnfinishedFile
  private let replacing: Bool

  /// Prepares a file at `path`; its folder must exist, and the file only when `replacing`.
  init(_ path: String, replacing: Bool, in temporaries: TemporaryFiles) throws {
    try Self.checkFolder(of: path)
    if !replacing, FileManager.default.fileExists(atPath: path) { throw Self.exists(path) }
    var isFolder: ObjCBool = false
    if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue {
      throw CodecError(path, "is a folder; name a file")
    }
    self.path = path
    self.replacing = replacing
    unfinished = try UnfinishedFile(beside: path, purpose: "partial", in: temporaries)
  }

  /// The file to write.
  var file: File { unfinished.file }

  /// What opens the file, here or in a child, until it has its name.
  var temporaryPath: String { unfinished.path }

  /// Gives the file its final name, once its content is on the disk.
  func commit() throws {
    try file.synchronize()
    let failure = unfinished.takeName(path, replacing: replacing)
    if failure == EEXIST { throw Self.exists(path) }
    guard failure == 0 else { throw File.systemError(path, "cannot write", failure) }
    try Self.synchronizeFolder(of: path)
  }

  /// Throws where `output` is `input` itself, under whatever name.
  static func checkDistinct(_ output: String, from input: String) throws {
    var (a, b) = (stat(), stat())
    guard stat(output, &a) == 0, stat(input, &b) == 0 else { return }
    guard a.st_dev != b.st_dev || a.st_ino != b.st_ino else {
      throw CodecError(output, "is the input itself; name another file")
    }
  }

  static func exists(_ path: String) -> CodecError {
    CodecError(path, "exists; --overwrite replaces it")
  }

  /// Throws unless the folder that `path` names is there and can be written to.
  static func checkFolder(of path: String) throws {
    let folder = Self.folder(of: path)
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder) else {
      throw CodecError(path, "cannot write: there is no folder \(folder)")
    }
    guard isFolder.boolValue else {
      throw CodecError(path, "cannot write: \(folder) is not a folder")
    }
    guard access(folder, W_OK | X_OK) == 0 else { throw File.systemError(path, "cannot write") }
  }

  private static func folder(of path: String) -> String {
    let folder = path.parentFolder
    return folder.isEmpty ? "." : folder
  }

  private static func synchronizeFolder(of path: String) throws {
    // A folder that cannot be opened or synchronized keeps the file all the same.
    guard let folder = try? File(reading: folder(of: path)) else { return }
    try folder.synchronize()
  }
}
