import Dispatch
import Foundation

/// Turns SIGINT and SIGTERM into the end of a session: the work is cancelled and cleans up after
/// itself; where it takes longer than most of a second, its unfinished files are removed here and
/// the process ends.
///
/// A closed pipe or a full quota then shows as an error of the write instead of killing the process.
public final class SignalWatcher {
  private var sources: [any DispatchSourceSignal] = []

  /// Time between a signal and the end of the process, at most.
  static let patience = DispatchTimeInterval.milliseconds(800)

  /// Watches until it is released; one per process.
  public init(_ session: Session) {
    signal(SIGPIPE, SIG_IGN)
    signal(SIGXFSZ, SIG_IGN)
    let queue = DispatchQueue(label: "vaecodec.signals")
    for number in [SIGINT, SIGTERM] {
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
      source.setEventHandler {
        session.cancellation.cancel(signal: number)
        queue.asyncAfter(deadline: .now() + Self.patience) {
          session.temporaries.removeAll()
          _exit(128 + number)
        }
      }
      // Until it is registered, a signal would be lost.
      let registered = DispatchSemaphore(value: 0)
      source.setRegistrationHandler { registered.signal() }
      source.resume()
      registered.wait()
      sources.append(source)
    }
  }

  deinit {
    for source in sources { source.cancel() }
  }
}
