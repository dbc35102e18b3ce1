import Testing

@testable import vaecodec_fuzz

/// A short run of what `Tests/fuzz.sh` does for long.
@Suite struct FuzzTests {
  @Test(arguments: subjects.keys.sorted())
  func parsersStandAnyInput(_ name: String) throws {
    let makeSubject = try #require(subjects[name])
    var fuzzer = Fuzzer(try makeSubject(), seed: 1)
    try fuzzer.run(executions: name == "media" ? 300 : 3000)
    #expect(fuzzer.tally.accepted > 10)
    #expect(fuzzer.tally.refusals > 10)
  }

  @Test func aSeedDecidesTheRun() throws {
    let tallies = try ([7, 7, 8] as [UInt64]).map { seed in
      var fuzzer = Fuzzer(.safetensors(), seed: seed)
      try fuzzer.run(executions: 2000)
      return fuzzer.tally
    }
    #expect(tallies[0] == tallies[1])
    #expect(tallies[0] != tallies[2])
  }
}
