import Foundation

/// Folders made for outputs. Those that nothing was written into can go again.
struct OutputFolders {
  /// What did not exist before, a folder before those in it.
  private var made: [String] = []

  /// Makes the folders of `paths`, and those above them.
  init(of paths: [String]) throws {
    do {
      for path in paths { try make(path.parentFolder) }
    } catch {
      removeEmpty()
      throw error
    }
  }

  private mutating func make(_ folder: String) throws {
    guard !folder.isEmpty, !FileManager.default.fileExists(atPath: folder) else { return }
    let above = folder.parentFolder
    if above != folder { try make(above) }
    do {
      try FileManager.default.createDirectory(
        atPath: folder, withIntermediateDirectories: true)
    } catch {
      throw CodecError(folder, "cannot make this folder")
    }
    made.append(folder)
  }

  /// Removes those of the folders made that are still empty.
  func removeEmpty() {
    for folder in made.reversed() { _ = rmdir(folder) }
  }
}
