import Codec
import Foundation
import Synchronization

/// A line on a terminal that shows frames done, rate and time left; nothing in a pipe.
final class ProgressBar: Sendable {
  private struct State {
    var item: String?
    var began = ContinuousClock.now
    var lastDrawn: ContinuousClock.Instant?
    var isDrawn = false
  }

  private let isShown: Bool
  private let state = Mutex(State())

  /// Silent when `quiet` or when standard error is no terminal.
  init(quiet: Bool) {
    isShown = !quiet && isatty(STDERR_FILENO) == 1
  }

  /// Shows how far a clip is, at most ten times a second.
  func update(_ progress: Codec.Progress) {
    guard isShown else { return }
    state.withLock { state in
      let now = ContinuousClock.now
      if state.item != progress.item {
        state.item = progress.item
        state.began = now
        state.lastDrawn = nil
      }
      if let last = state.lastDrawn, now - last < .milliseconds(100),
        progress.done != progress.total
      {
        return
      }
      state.lastDrawn = now
      state.isDrawn = true
      Diagnostics.write("\r\(Self.line(progress, elapsed: state.began.duration(to: now)))\u{1B}[K")
    }
  }

  /// Wipes the line, so that other text may be written.
  func clear() {
    state.withLock { state in
      if state.isDrawn { Diagnostics.write("\r\u{1B}[K") }
      state.isDrawn = false
    }
  }

  private static func line(_ progress: Codec.Progress, elapsed: Duration) -> String {
    let name = progress.item.fileName
    let seconds = elapsed / .seconds(1)
    let rate = seconds > 0 ? Double(progress.done) / seconds : 0
    let speed = String(format: "%.1f frames/s", rate)
    guard let total = progress.total, total > 0 else {
      return "\(name)  \(progress.done) frames  \(speed)"
    }
    let filled = min(24, 24 * progress.done / total)
    let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: 24 - filled)
    var line = "\(name)  \(bar)  \(progress.done)/\(total) frames  \(speed)"
    if rate > 0 {
      let left = Int((Double(max(0, total - progress.done)) / rate).rounded(.up))
      line += String(format: "  %d:%02d left", left / 60, left % 60)
    }
    return line
  }
}
