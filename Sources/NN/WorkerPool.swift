import Foundation
import Synchronization

/// A fixed number of threads that run the blocks of one job at a time.
///
/// The caller waits and does no work itself, so that libraries which keep state per thread see the
/// same threads each time. Which thread runs which block is not determined; results must not
/// depend on it.
final class WorkerPool {
  /// Number of threads.
  let count: Int
  private let shared: Shared

  /// Starts `count` threads, each of which calls `onStart` first.
  init(count: Int, onStart: @escaping @Sendable () -> Void = {}) {
    precondition(count > 0)
    self.count = count
    let shared = Shared()
    self.shared = shared
    for index in 0..<count {
      let thread = Thread {
        onStart()
        shared.serve(worker: index)
      }
      thread.name = "compute \(index)"
      thread.stackSize = 2 << 20
      thread.start()
    }
  }

  deinit {
    shared.stop()
  }

  /// Calls `body(block, worker)` for each block in `0..<blocks` and returns when all are done.
  /// `worker` is below ``count``; no two calls with the same `worker` overlap.
  func run(blocks: Int, _ body: (_ block: Int, _ worker: Int) -> Void) {
    guard blocks > 0 else { return }
    withoutActuallyEscaping(body) { body in
      let job = Job(blocks: blocks, body: body)
      shared.run(job, threads: count)
      // A thread may still be letting go of the job, but none calls the body any more.
      job.body = nil
    }
  }

  /// As ``run(blocks:_:)``; no further block is started once one has failed, and the first error
  /// seen is thrown.
  func tryRun(blocks: Int, _ body: (_ block: Int, _ worker: Int) throws -> Void) throws {
    let failure = Mutex<(any Error)?>(nil)
    run(blocks: blocks) { block, worker in
      guard failure.withLock({ $0 == nil }) else { return }
      do {
        try body(block, worker)
      } catch {
        failure.withLock { if $0 == nil { $0 = error } }
      }
    }
    if let error = failure.withLock({ $0 }) { throw error }
  }

  /// One call of `run`.
  ///
  /// `@unchecked`: the body is only called while `run` waits for it, and callers write to memory
  /// that is disjoint for each block or worker.
  private final class Job: @unchecked Sendable {
    let blocks: Int
    var body: ((Int, Int) -> Void)?
    let next = Atomic<Int>(0)

    init(blocks: Int, body: @escaping (Int, Int) -> Void) {
      self.blocks = blocks
      self.body = body
    }
  }

  /// What the threads share with the pool; the threads keep it alive, not the pool itself.
  ///
  /// `@unchecked`: all state is read and written under `condition`.
  private final class Shared: @unchecked Sendable {
    private let condition = NSCondition()
    private var job: Job?
    /// Counts jobs, so that a thread takes each one once.
    private var generation = 0
    private var running = 0
    private var isStopped = false

    func run(_ job: Job, threads: Int) {
      condition.lock()
      defer { condition.unlock() }
      self.job = job
      generation += 1
      running = threads
      condition.broadcast()
      while running > 0 { condition.wait() }
      self.job = nil
    }

    func stop() {
      condition.lock()
      defer { condition.unlock() }
      isStopped = true
      condition.broadcast()
    }

    func serve(worker: Int) {
      var seen = 0
      while let job = nextJob(after: &seen) {
        while true {
          let block = job.next.wrappingAdd(1, ordering: .relaxed).oldValue
          guard block < job.blocks else { break }
          job.body?(block, worker)
        }
        finish()
      }
    }

    private func nextJob(after seen: inout Int) -> Job? {
      condition.lock()
      defer { condition.unlock() }
      while generation == seen && !isStopped { condition.wait() }
      seen = generation
      return isStopped ? nil : job
    }

    private func finish() {
      condition.lock()
      defer { condition.unlock() }
      running -= 1
      if running == 0 { condition.broadcast() }
    }
  }
}
