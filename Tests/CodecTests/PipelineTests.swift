import Foundation
import Synchronization
import Testing

@testable import Codec

@Suite struct PipelineTests {
  private struct Failure: Error, Equatable {}

  @Test func valuesComeInOrderAndAtMostSoManyAhead() throws {
    let queue = BoundedQueue<Int>(capacity: 3, cancellation: Cancellation())
    let pushed = Mutex(0)
    let stage = Stage("test") {
      for value in 0..<50 {
        try queue.push(value)
        pushed.withLock { $0 = value + 1 }
      }
      queue.finish()
    }
    var taken: [Int] = []
    while let value = try queue.pop() {
      taken.append(value)
      #expect(pushed.withLock { $0 } <= taken.count + 3)
    }
    try stage.join()
    #expect(taken == Array(0..<50))
  }

  @Test func firstErrorClosesBothSides() throws {
    let queue = BoundedQueue<Int>(capacity: 1, cancellation: Cancellation())
    let stage = Stage("test") { while true { try queue.push(1) } }
    _ = try queue.pop()
    queue.fail(Failure())
    queue.fail(CancellationError())
    #expect(throws: Failure.self) { try stage.join() }
    #expect(throws: Failure.self) { try queue.pop() }
  }

  @Test func waitingEndsWithACancellation() throws {
    let cancellation = Cancellation()
    let queue = BoundedQueue<Int>(capacity: 1, cancellation: cancellation)
    let stage = Stage("test") { _ = try queue.pop() }
    cancellation.cancel(signal: 15)
    let error = #expect(throws: Interrupted.self) { try stage.join() }
    #expect(error?.signal == 15)
  }

  @Test func consumersErrorIsTheOneThrown() throws {
    #expect(throws: Failure.self) {
      try withConsumer(
        capacity: 1, session: Session(), consume: { (_: Int) in throw Failure() },
        { push in for value in 0..<1000 { try push(value) } })
    }
  }
}
