import Foundation

/// Feeds a parser inputs, mutated and generated, as a seed decides.
///
/// Without coverage to go by, an input is kept for further mutation when it was refused with words
/// not seen before, which tells how far into the parser it came.
struct Fuzzer {
  /// How it went.
  struct Tally: Equatable {
    var executions = 0
    var accepted = 0
    /// Kinds of refusals, numbers and names set aside.
    var refusals = 0
  }

  /// Long, as the machine may be busy; a parser that hangs takes longer.
  private static let secondsPerExecution: UInt32 = 120
  private static let largestCorpus = 2000

  private let subject: Subject
  private let mutator: Mutator
  private let lastInput: LastInput?
  private var random: Randomness
  private var corpus: [[UInt8]]
  private var seen: Set<String> = []
  private(set) var tally = Tally()

  /// - Parameter lastInput: where each input is noted before it is parsed.
  init(_ subject: Subject, seed: UInt64, lastInput: LastInput? = nil) {
    self.subject = subject
    self.lastInput = lastInput
    mutator = Mutator(tokens: subject.tokens, maximumSize: subject.maximumSize)
    random = Randomness(seed: seed)
    corpus = subject.seeds
  }

  /// Parses `executions` inputs. A crash ends the process, so does one that takes too long
  /// (SIGALRM); throws ``ImproperRefusal``.
  mutating func run(executions: Int) throws {
    defer { alarm(0) }
    for _ in 0..<executions {
      let input =
        random.once(in: 4)
        ? subject.generate(&random)
        : mutator.mutate(
          random.pick(random.once(in: 2) ? subject.seeds : corpus), with: random.pick(corpus),
          &random)
      lastInput?.note(input)
      alarm(Self.secondsPerExecution)
      try execute(input)
    }
  }

  private mutating func execute(_ input: [UInt8]) throws {
    tally.executions += 1
    do {
      try subject.parse(input)
      tally.accepted += 1
    } catch let error as ImproperRefusal {
      throw error
    } catch {
      let message = "\(error)"
      let isOneLine = message.unicodeScalars.allSatisfy {
        $0.properties.generalCategory != .control
      }
      guard isOneLine, message.utf8.count < 4096 else {
        throw ImproperRefusal(
          description: "\(type(of: error)) with a message of several lines, "
            + "or one too long: \(message.debugDescription)")
      }
      guard seen.count < Self.largestCorpus, seen.insert(kind(of: message)).inserted else { return }
      tally.refusals += 1
      corpus.append(input)
    }
  }

  /// The message without digits and without names in quotes.
  private func kind(of message: String) -> String {
    let parts = message.split(separator: "'", omittingEmptySubsequences: false)
    let words = parts.enumerated().filter { $0.offset.isMultiple(of: 2) }.map(\.element).joined()
    return String(
      words.unicodeScalars.filter { !("0"..."9" ~= $0) }.prefix(120).map(Character.init))
  }
}
