import Codec
import Foundation

/// The frame around a command's work: progress, notes and signals.
final class CommandRun {
  private let session: Session
  private let watcher: SignalWatcher
  private let bar: ProgressBar

  init(quiet: Bool) {
    let bar = ProgressBar(quiet: quiet)
    self.bar = bar
    session = Session(
      progress: { bar.update($0) },
      note: { note in
        bar.clear()
        if !quiet { Diagnostics.write("\(note)\n") }
      })
    watcher = SignalWatcher(session)
  }

  /// Does `work`; an interruption ends the process with its signal's exit code.
  func callAsFunction<R>(_ work: (Session) throws -> R) throws -> R {
    defer { bar.clear() }
    do {
      return try withExtendedLifetime(watcher) { try work(session) }
    } catch let interruption as Interrupted {
      throw interruption.signal == SIGTERM ? ExitStatus.terminated : .interrupted
    }
  }

  /// A line that shows at once, above the progress bar.
  func clearProgress() {
    bar.clear()
  }
}
