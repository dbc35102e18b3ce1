import Foundation

/// A file that is written beside the place where its result will be.
///
/// Where the system can make such files (`O_TMPFILE` of Linux) it has no name: nothing stays of it
/// when the process ends, however it ends. Elsewhere it has a hidden name, which is removed with the
/// last reference or by the session's ``TemporaryFiles``.
final class UnfinishedFile {
  /// Open for reading and writing; messages call it by the result's name.
  let file: File
  /// What opens it again, in this process or in a child.
  let path: String
  private let temporaries: TemporaryFiles
  private var hasName: Bool

  /// An empty file in the folder of `final`.
  init(beside final: String, purpose: String, in temporaries: TemporaryFiles) throws {
    self.temporaries = temporaries
    if temporaries.prefersUnnamed, let file = File.unnamed(beside: final) {
      self.file = file
      path = "/proc/\(getpid())/fd/\(file.descriptor)"
      hasName = false
    } else {
      path = temporaries.reserve(beside: final, purpose: purpose)
      hasName = true
      do {
        file = try File(creating: path, named: final)
      } catch {
        temporaries.release(path)
        throw error
      }
    }
  }

  deinit {
    if hasName { temporaries.discard(path) }
  }

  /// Gives the file its name; one that exists is replaced on request, else `EEXIST` is the result.
  ///
  /// - Returns: 0, or the system's error number.
  func takeName(_ final: String, replacing: Bool) -> Int32 {
    guard hasName else {
      if !replacing { return linkUnnamed(to: final) }
      // A link replaces nothing: it is made under a hidden name, which then replaces the old file.
      let hidden = temporaries.reserve(beside: final, purpose: "partial")
      defer { temporaries.discard(hidden) }
      let failure = linkUnnamed(to: hidden)
      return failure != 0 ? failure : rename(hidden, final) == 0 ? 0 : errno
    }
    // Unlike a rename a link fails where another process made the file meanwhile.
    if !replacing, link(path, final) != 0 {
      // Some file systems know no links.
      guard errno != EEXIST, rename(path, final) == 0 else { return errno }
    } else if replacing, rename(path, final) != 0 {
      return errno
    }
    temporaries.discard(path)
    hasName = false
    return 0
  }

  private func linkUnnamed(to name: String) -> Int32 {
    linkat(AT_FDCWD, path, AT_FDCWD, name, AT_SYMLINK_FOLLOW) == 0 ? 0 : errno
  }
}
