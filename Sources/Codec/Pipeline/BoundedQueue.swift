import Foundation

/// Hands values from one thread to another, at most `capacity` ahead.
///
/// `@unchecked`: all state is guarded by `condition`.
final class BoundedQueue<Element: Sendable>: @unchecked Sendable {
  private enum End {
    case finished
    case failed(any Error)
  }

  private let condition = NSCondition()
  private let capacity: Int
  private let cancellation: Cancellation
  private var elements: [Element] = []
  private var end: End?

  /// How often a waiting thread looks whether it should stop.
  private static var patience: TimeInterval { 0.1 }

  init(capacity: Int, cancellation: Cancellation) {
    self.capacity = max(1, capacity)
    self.cancellation = cancellation
  }

  /// Appends, waiting for room. Throws the error the queue was closed with, or ``Interrupted``.
  func push(_ element: Element) throws {
    condition.lock()
    defer { condition.unlock() }
    while elements.count >= capacity {
      try throwIfClosed()
      _ = condition.wait(until: Date(timeIntervalSinceNow: Self.patience))
    }
    try throwIfClosed()
    elements.append(element)
    condition.broadcast()
  }

  /// Takes the first, waiting for one; nil after ``finish()``. Throws the error the queue was
  /// closed with, or ``Interrupted``.
  func pop() throws -> Element? {
    condition.lock()
    defer { condition.unlock() }
    while true {
      try throwIfClosed()
      if !elements.isEmpty {
        defer { condition.broadcast() }
        return elements.removeFirst()
      }
      if case .finished = end { return nil }
      _ = condition.wait(until: Date(timeIntervalSinceNow: Self.patience))
    }
  }

  /// No more will come; what is there can still be taken.
  func finish() {
    close(.finished)
  }

  /// Both sides stop with `error`; the first one counts.
  func fail(_ error: any Error) {
    close(.failed(error))
  }

  private func close(_ end: End) {
    condition.lock()
    defer { condition.unlock() }
    if case .failed = self.end { return }
    if case .failed = end { elements = [] }
    self.end = end
    condition.broadcast()
  }

  private func throwIfClosed() throws {
    if case .failed(let error) = end { throw error }
    try cancellation.check()
  }
}
