import Foundation

/// One thread of a pipeline. ``join()`` waits for it and throws what it threw.
///
/// `@unchecked`: `outcome` is written once, before `finished` is signalled, and read after it.
final class Stage: @unchecked Sendable {
  private let finished = DispatchSemaphore(value: 0)
  private var outcome: Result<Void, any Error> = .success(())

  /// Runs `body` on a thread of its own.
  init(_ name: String, _ body: @escaping @Sendable () throws -> Void) {
    let thread = Thread { [self] in
      outcome = Result { try body() }
      finished.signal()
    }
    thread.name = name
    // libav's decoders and x264 keep their pictures on the heap, but not all of their tables.
    thread.stackSize = 8 << 20
    thread.start()
  }

  func join() throws {
    finished.wait()
    finished.signal()
    try outcome.get()
  }
}

/// Carries something that is not `Sendable` to the one thread that will use it.
///
/// `@unchecked`: whoever wraps a value gives it up; only the receiving thread unwraps it.
struct Transferred<Value>: @unchecked Sendable {
  let value: Value

  init(_ value: Value) {
    self.value = value
  }
}
