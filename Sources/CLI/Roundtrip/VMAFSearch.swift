import Foundation
import Quality
import Synchronization

/// Looks for VMAF on a thread of its own: ffmpeg takes a tenth of a second to say what it has.
final class VMAFSearch: Sendable {
  private let outcome = Mutex<Result<VMAF, any Error>?>(nil)
  private let isDone = DispatchSemaphore(value: 0)

  /// Starts the search.
  init() {
    DispatchQueue.global().async { [self] in
      let found = Result { try VMAF() }
      outcome.withLock { $0 = found }
      isDone.signal()
    }
  }

  /// Waits for the end of the search; once.
  ///
  /// - Throws: what `VMAF.init` throws.
  func result() throws -> VMAF? {
    isDone.wait()
    return try outcome.withLock { $0 }?.get()
  }
}
