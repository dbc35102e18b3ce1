import Foundation
import TestSupport
import Testing

/// Bad input: one line on standard error, an exit code, nothing left behind.
@Suite(.enabled(if: Program.isBuilt, "the program is not built")) struct RefusalTests {
  let folder: WorkFolder

  init() throws {
    folder = try WorkFolder()
    try Data().write(to: URL(filePath: folder("empty.mp4")))
    try Data("this is no video".utf8).write(to: URL(filePath: folder("text.mp4")))
  }

  private func expectRefusal(
    _ arguments: [String], naming name: String, status: Int32 = 1,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let before = try folder.names
    let outcome = try Program.run(arguments, in: folder.path)
    #expect(outcome.status == status, sourceLocation: sourceLocation)
    #expect(
      outcome.errors.split(separator: "\n").count == 1, "\(outcome.errors)",
      sourceLocation: sourceLocation)
    #expect(outcome.errors.contains(name), "\(outcome.errors)", sourceLocation: sourceLocation)
    #expect(outcome.output.isEmpty, sourceLocation: sourceLocation)
    #expect(try folder.names == before, sourceLocation: sourceLocation)
  }

  @Test(arguments: ["missing.mp4", "empty.mp4", "text.mp4"])
  func unreadableInputs(name: String) throws {
    try expectRefusal(["encode", name, "-o", "z.safetensors"], naming: name)
    try expectRefusal(["roundtrip", name, "-o", "rt"], naming: name)
  }

  @Test func missingLatentsAndModels() throws {
    try expectRefusal(["decode", "missing.safetensors"], naming: "missing.safetensors")
    try expectRefusal(["encode", "text.mp4", "--model", "huge"], naming: "huge")
    try expectRefusal(["info", "missing.mp4"], naming: "missing.mp4")
  }

  @Test func checkpointThatStaysOpenIsNamedOnce() throws {
    let parity = try ParityCase("parity/causal3d")
    let outcome = try Program.run(["info", parity.weights])
    #expect(outcome.status == 1)
    #expect(
      outcome.errors.hasPrefix("vaecodec: \(parity.weights): configuration: norm_num_groups 32"))
  }

  @Test func folderThatIsNotThere() throws {
    try folder.makeClip("c.mp4", frames: 2)
    try expectRefusal(["encode", "c.mp4", "-o", "nowhere/z.safetensors"], naming: "nowhere")
  }

  @Test func existingFileIsKept() throws {
    try folder.makeClip("c.mp4", frames: 2)
    try Data("mine".utf8).write(to: URL(filePath: folder("z.safetensors")))
    try expectRefusal(["encode", "c.mp4", "-o", "z.safetensors"], naming: "--overwrite")
    #expect(try Data(contentsOf: URL(filePath: folder("z.safetensors"))) == Data("mine".utf8))
  }

  @Test(arguments: [
    ["encode"], ["encode", "a.mp4", "--size", "64"], ["encode", "a.mp4", "--dtype", "f64"],
    ["decode", "a.safetensors", "--crf", "99"], ["bench", "--frames", "0"], ["nothing"],
  ])
  func wrongUsageEndsWithSixtyFour(arguments: [String]) throws {
    #expect(try Program.run(arguments, in: folder.path).status == 64)
  }
}
