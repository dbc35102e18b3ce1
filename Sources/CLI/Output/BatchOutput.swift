import Codec
import Foundation

/// Runs a command over its inputs and shows what became of each.
struct BatchOutput<Value: Codable & Sendable> {
  let options: OutputOptions
  /// The line for people about one result; nil where standard output has another use.
  let line: ((Value) -> String)?
  let isSkipped: (Value) -> Bool

  /// Runs `work` on each item of `plan`.
  ///
  /// - Throws: ``ExitStatus`` where inputs failed; for a single input its own error.
  func run(
    _ plan: BatchPlan, _ run: CommandRun, work: (Session, BatchPlan.Item) throws -> Value
  ) throws {
    guard plan.isBatch else {
      let value = try run { session in try work(session, plan.items[0]) }
      if options.json {
        try JSONOutput.print(value)
      } else if let line {
        try StandardOutput.print(line(value))
      }
      return
    }
    var unwritten: (any Error)?
    let report = try run { session in
      try runBatch(
        plan.items, named: { $0.input.path }, session: session, isSkipped: isSkipped,
        onItem: { item in
          run.clearProgress()
          if let error = item.error { Diagnostics.error(error) }
          guard let line, let value = item.result, !options.json else { return }
          // The work goes on when nobody takes its results.
          do { try StandardOutput.print(line(value)) } catch { unwritten = error }
        }, work: { try work(session, $0) })
    }
    if let unwritten { throw unwritten }
    if options.json {
      try JSONOutput.print(report)
    } else {
      try StandardOutput.print(
        "\(report.items.count) inputs: \(report.items.count - report.failures - report.skipped) done, "
          + "\(report.skipped) skipped, \(report.failures) failed")
    }
    try ExitStatus.check(report.exitCode)
  }
}

/// "1 frame", "24 frames".
func frameText(_ count: Int) -> String { count == 1 ? "1 frame" : "\(count) frames" }

extension ExitStatus {
  /// Throws the status of a batch's exit code; 0 throws nothing.
  static func check(_ code: Int32) throws {
    switch code {
    case 0: return
    case ExitStatus.someFailed.code: throw ExitStatus.someFailed
    default: throw ExitStatus.failed
    }
  }
}
