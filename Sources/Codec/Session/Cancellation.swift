import Synchronization

/// Asks running work to stop; looked at by all stages many times a second.
public final class Cancellation: Sendable {
  private struct State {
    var isCancelled = false
    var signal: Int32?
  }

  private let state = Mutex(State())

  public init() {}

  /// Asks for a stop; the first signal given is the one reported.
  public func cancel(signal: Int32? = nil) {
    state.withLock { state in
      if !state.isCancelled { state.signal = signal }
      state.isCancelled = true
    }
  }

  public var isCancelled: Bool { state.withLock { $0.isCancelled } }

  /// Throws ``Interrupted`` once a stop was asked for.
  public func check() throws {
    try state.withLock { state in
      if state.isCancelled { throw Interrupted(signal: state.signal) }
    }
  }
}
