import Foundation
import Synchronization

/// The unfinished files of one session that have a name: removed when they are discarded, and all of
/// them at once when the program has to stop.
public final class TemporaryFiles: Sendable {
  /// Whether unfinished files go without a name where the system can make such.
  let prefersUnnamed: Bool
  private let paths = Mutex<Set<String>>([])

  public convenience init() { self.init(prefersUnnamed: true) }

  init(prefersUnnamed: Bool) {
    self.prefersUnnamed = prefersUnnamed
  }

  /// A name beside `final` that nothing else uses, which is removed unless it is let go.
  func reserve(beside final: String, purpose: String) -> String {
    let folder = final.parentFolder
    // A long name plus a suffix may be more than a file system takes.
    let name = String(final.fileName.suffix(120))
    let unique = UInt32.random(in: .min ... .max)
    let file = ".\(name).\(getpid())-\(String(unique, radix: 36)).\(purpose)"
    let path = folder.isEmpty ? file : "\(folder)/\(file)"
    paths.withLock { _ = $0.insert(path) }
    return path
  }

  /// Removes a file that was reserved.
  func discard(_ path: String) {
    paths.withLock { _ = $0.remove(path) }
    unlink(path)
  }

  /// Forgets a file: it has its final name.
  func release(_ path: String) {
    paths.withLock { _ = $0.remove(path) }
  }

  /// Removes all that are unfinished.
  public func removeAll() {
    paths.withLock { all in
      for path in all { unlink(path) }
      all = []
    }
  }
}
