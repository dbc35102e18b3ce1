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
      if options.json { try JSONOutput.print(value) } else if let line { print(line(value)) }
      return
    }
    let report = try run { session in
      try runBatch(
        plan.items, named: { $0.input.path }, session: session, isSkipped: isSkipped,
        onItem: { item in
          run.clearProgress()
          if let error = item.error { Diagnostics.error(error) }
          if let line, let value = item.result, !options.json { print(line(value)) }
        }, work: { try work(session, $0) })
    }
    if options.json {
      try JSONOutput.print(report)
    } else {
      print(
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
