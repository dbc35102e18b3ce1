import Foundation
import Testing

/// Pipes that close, disks that are full, folders that take nothing: one line, an exit code, and
/// nothing left behind.
@Suite(.enabled(if: Program.isBuilt, "the program is not built")) struct SurroundingsTests {
  let folder: WorkFolder

  init() throws {
    folder = try WorkFolder()
    try folder.makeClip("c.mp4", frames: 9, size: "160x120")
  }

  /// Runs a line of bash in the folder, where `vaecodec` is the program.
  private func shell(_ line: String) throws -> Program.Outcome {
    try Program.tool(
      "bash",
      ["-c", "cd '\(folder.path)' && vaecodec() { '\(Program.path)' \"$@\"; } && \(line)"])
  }

  private func expectLine(
    _ outcome: Program.Outcome, _ parts: String...,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(outcome.status == 1, sourceLocation: sourceLocation)
    #expect(
      outcome.errors.split(separator: "\n").count == 1, "\(outcome.errors)",
      sourceLocation: sourceLocation)
    for part in parts {
      #expect(outcome.errors.contains(part), "\(outcome.errors)", sourceLocation: sourceLocation)
    }
  }

  @Test func aPipeThatClosesIsSaid() throws {
    #expect(try shell("vaecodec encode c.mp4 -o z.safetensors -q").status == 0)
    let outcome = try shell(
      "{ vaecodec decode z.safetensors -o - -q; echo $? >status; } | head -c 100 >/dev/null; "
        + "exit $(cat status)")
    expectLine(outcome, "Broken pipe")
  }

  @Test(
    .enabled(if: FileManager.default.fileExists(atPath: "/dev/full")),
    arguments: [
      "info c.mp4", "info c.mp4 --json", "models", "encode c.mp4 -o z.safetensors --json",
    ])
  func resultsThatCannotBeWrittenAreNotLost(command: String) throws {
    expectLine(
      try shell("vaecodec \(command) >/dev/full"), "standard output", "No space left on device")
  }

  @Test(.enabled(if: FileManager.default.fileExists(atPath: "/dev/full")))
  func videoThatStandardOutputCannotTakeIsSaid() throws {
    #expect(try shell("vaecodec encode c.mp4 -o z.safetensors -q").status == 0)
    expectLine(
      try shell("vaecodec decode z.safetensors -o - >/dev/full"), "No space left on device")
  }

  /// Complaints that nobody can read change nothing.
  @Test func closedStandardErrorChangesNothing() throws {
    #expect(try shell("vaecodec info missing.mp4 2>&-").status == 1)
    #expect(try shell("vaecodec encode c.mp4 -o z.safetensors 2>&-").status == 0)
  }

  @Test(.enabled(if: FileManager.default.fileExists(atPath: "/proc/version")))
  func foldersThatTakeNothing() throws {
    expectLine(try shell("vaecodec encode c.mp4 -o /proc/z.safetensors"), "/proc/z.safetensors")
    #expect(try shell("vaecodec encode c.mp4 -o z.safetensors -q").status == 0)
    expectLine(try shell("vaecodec decode z.safetensors -o /proc/v.mp4"), "/proc/v.mp4")
    expectLine(try shell("vaecodec roundtrip c.mp4 -o /proc/rt"), "/proc/rt")
  }

  /// The clips are there from a former run; the report does not fit.
  @Test func diskThatIsFullForTheReport() throws {
    let command = "vaecodec roundtrip c.mp4 c.mp4 -o rt -q"
    #expect(try shell("\(command) && rm rt/report*").status == 0)
    let before = try FileManager.default.subpathsOfDirectory(atPath: folder("rt")).sorted()
    expectLine(try shell("(ulimit -f 2 && \(command))"), "rt/report.", "File too large")
    #expect(try FileManager.default.subpathsOfDirectory(atPath: folder("rt")).sorted() == before)
    #expect(before.contains("recn/c_recn.mp4"))
  }

  /// Refused from the stream's header, before a frame is there.
  @Test func workThatCannotFitIsRefusedBeforeItBegins() throws {
    let outcome = try shell(
      "printf 'YUV4MPEG2 W16000 H8000 F25:1\\n' | vaecodec encode - -o z.safetensors --no-tiling")
    expectLine(outcome, "16000x8000 needs about")
  }
}
