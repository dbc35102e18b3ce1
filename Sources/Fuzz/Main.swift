import Foundation

/// `vaecodec-fuzz PARSER EXECUTIONS [SEED [LAST-INPUT]]` or `vaecodec-fuzz PARSER FILE`.
@main struct Main {
  static func main() {
    let arguments = CommandLine.arguments.dropFirst()
    guard let name = arguments.first, let makeSubject = subjects[name],
      2...4 ~= arguments.count, let second = arguments.dropFirst().first
    else {
      let names = subjects.keys.sorted().joined(separator: ", ")
      print("usage: vaecodec-fuzz PARSER EXECUTIONS [SEED [LAST-INPUT]]")
      print("       vaecodec-fuzz PARSER FILE     parses one input again")
      print("parsers: \(names)")
      exit(64)
    }
    do {
      let subject = try makeSubject()
      if let executions = Int(second) {
        let rest = Array(arguments.dropFirst(2))
        try run(name, subject, executions, seed: rest.first.flatMap { UInt64($0) } ?? 1, rest.last)
      } else {
        try subject.parse(Array(Data(contentsOf: URL(filePath: second))))
        print("accepted")
      }
    } catch {
      print("\(name): \(error)")
      exit(1)
    }
  }

  private static func run(
    _ name: String, _ subject: Subject, _ executions: Int, seed: UInt64, _ lastInput: String?
  ) throws {
    limitMemory(megabytes: subject.megabytes)
    let start = ContinuousClock.now
    let path = lastInput ?? NSTemporaryDirectory() + "/vaecodec-fuzz-\(name)"
    var fuzzer = Fuzzer(subject, seed: seed, lastInput: try LastInput(path: path))
    try fuzzer.run(executions: executions)
    let tally = fuzzer.tally
    print(
      "\(name): \(tally.executions) executions from seed \(seed), \(tally.accepted) accepted, "
        + "\(tally.refusals) kinds of refusal, \(ContinuousClock.now - start)")
  }

  /// Makes the process fail when it takes more address space than it has now and `megabytes`.
  private static func limitMemory(megabytes: Int) {
    #if os(Linux)
      guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8),
        let pages = text.split(separator: " ").first.flatMap({ UInt($0) })
      else { return }
      let bytes = pages * UInt(getpagesize()) + UInt(megabytes) << 20
      var limit = rlimit(rlim_cur: bytes, rlim_max: bytes)
      setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit)
    #endif
  }
}
