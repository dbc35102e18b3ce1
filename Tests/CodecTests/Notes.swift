import Synchronization

@testable import Codec

/// Collects what a session says.
final class Notes: Sendable {
  private let collected = Mutex<[String]>([])
  private let counts = Mutex<[Progress]>([])

  var lines: [String] { collected.withLock { $0 } }
  var progress: [Progress] { counts.withLock { $0 } }

  var session: Session {
    Session(
      progress: { progress in self.counts.withLock { $0.append(progress) } },
      note: { line in self.collected.withLock { $0.append(line) } })
  }
}
