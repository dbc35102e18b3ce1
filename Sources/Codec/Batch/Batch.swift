/// What became of one input.
public struct ItemReport<Value: Codable & Sendable>: Codable, Sendable {
  public enum Status: String, Codable, Sendable {
    case done
    /// An earlier run had made the same.
    case skipped
    case failed
  }

  public var input: String
  public var status: Status
  /// One line; nil unless it failed.
  public var error: String?
  /// Nil where it failed.
  public var result: Value?
}

/// What became of a whole batch.
public struct BatchReport<Value: Codable & Sendable>: Codable, Sendable {
  public var items: [ItemReport<Value>] = []

  public init(items: [ItemReport<Value>] = []) {
    self.items = items
  }

  public var results: [Value] { items.compactMap(\.result) }
  public var failures: Int { items.count { $0.status == .failed } }
  public var skipped: Int { items.count { $0.status == .skipped } }

  /// The process's exit code: 0 all good, 1 all failed, 3 some failed.
  public var exitCode: Int32 {
    if failures == 0 { 0 } else if failures == items.count { 1 } else { 3 }
  }
}

/// Runs `work` on each input in turn and goes on after failures.
///
/// - Parameters:
///   - session: ``Interrupted`` ends the batch.
///   - isSkipped: whether a result was there already.
///   - onItem: told of each item as soon as it is through.
public func runBatch<Input, Value: Codable & Sendable>(
  _ inputs: [Input], named name: (Input) -> String, session: Session,
  isSkipped: (Value) -> Bool, onItem: (ItemReport<Value>) -> Void = { _ in },
  work: (Input) throws -> Value
) throws -> BatchReport<Value> {
  var report = BatchReport<Value>()
  for input in inputs {
    try session.cancellation.check()
    var item = ItemReport<Value>(input: name(input), status: .done)
    do {
      let value = try work(input)
      item.result = value
      if isSkipped(value) { item.status = .skipped }
    } catch let interruption as Interrupted {
      throw interruption
    } catch {
      item.status = .failed
      item.error = "\(error)"
    }
    report.items.append(item)
    onItem(item)
  }
  return report
}
