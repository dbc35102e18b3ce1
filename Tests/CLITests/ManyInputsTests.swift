import Foundation
import Testing

/// Folders, lists and batches, as a user names them.
@Suite(.enabled(if: Program.isBuilt, "the program is not built")) struct ManyInputsTests {
  let folder: WorkFolder

  init() throws {
    folder = try WorkFolder()
    try FileManager.default.createDirectory(
      atPath: folder("in/sub"), withIntermediateDirectories: true)
    try folder.makeClip("in/b.mp4", frames: 2)
    try folder.makeClip("in/sub/a.mp4", frames: 2)
    try folder.makeClip("c.mp4", frames: 2)
  }

  private func files(_ name: String) throws -> [String] {
    try FileManager.default.subpathsOfDirectory(atPath: folder(name)).sorted()
  }

  @Test func structureIsKeptThroughAllCommands() throws {
    try Data("# one more\nc.mp4\n".utf8).write(to: URL(filePath: folder("list.txt")))
    let encoded = try Program.run(["encode", "in", "@list.txt", "-o", "z"], in: folder.path)
    #expect(encoded.status == 0, "\(encoded.errors)")
    #expect(
      try files("z") == [
        "b.latents.safetensors", "c.latents.safetensors", "sub", "sub/a.latents.safetensors",
      ])
    let lines = encoded.output.split(separator: "\n")
    #expect(
      lines.map { $0.prefix { $0 != ":" } }.prefix(3).map(String.init)
        == ["z/b.latents.safetensors", "z/sub/a.latents.safetensors", "z/c.latents.safetensors"])
    let decoded = try Program.run(["decode", "z", "-o", "v"], in: folder.path)
    #expect(decoded.status == 0, "\(decoded.errors)")
    #expect(try files("v") == ["b.mp4", "c.mp4", "sub", "sub/a.mp4"])
    let compared = try Program.run(["roundtrip", "in", "-o", "rt"], in: folder.path)
    #expect(compared.status == 0, "\(compared.errors)")
    #expect(try files("rt/recn") == ["b_recn.mp4", "sub", "sub/a_recn.mp4"])
  }

  @Test func outputsThatDifferAreRefusedWithoutOverwrite() throws {
    let arguments = ["encode", "in", "c.mp4", "-o", "z", "--dtype"]
    #expect(try Program.run(arguments + ["f16"], in: folder.path).status == 0)
    let before = try Data(contentsOf: URL(filePath: folder("z/c.latents.safetensors")))
    let refused = try Program.run(arguments + ["f32"], in: folder.path)
    #expect(refused.status == 1)
    #expect(refused.errors.contains("--overwrite"))
    #expect(try Data(contentsOf: URL(filePath: folder("z/c.latents.safetensors"))) == before)
    #expect(try Program.run(arguments + ["f32", "--overwrite"], in: folder.path).status == 0)
    #expect(try Data(contentsOf: URL(filePath: folder("z/c.latents.safetensors"))) != before)
  }

  @Test(arguments: ["decode", "roundtrip"])
  func otherCommandsGoOnAfterABadItemToo(command: String) throws {
    #expect(try Program.run(["encode", "in", "-o", "z"], in: folder.path).status == 0)
    let (good, bad) =
      command == "decode"
      ? (["z/b.latents.safetensors", "z/sub/a.latents.safetensors"], "bad.safetensors")
      : (["in/b.mp4", "in/sub/a.mp4"], "bad.mp4")
    try Data("nothing".utf8).write(to: URL(filePath: folder(bad)))
    let mixed = [command, good[0], bad, good[1], "-o", "out", "--json"]
    for (expected, run) in [
      (["done", "failed", "done"], 1), (["skipped", "failed", "skipped"], 2),
    ] {
      let outcome = try Program.run(mixed, in: folder.path)
      #expect(outcome.status == 3, "run \(run)")
      #expect(outcome.errors.contains(bad))
      let states = outcome.output.matches(of: /"status" : "([a-z]+)"/).map { String($0.output.1) }
      #expect(states == expected, "run \(run)")
    }
    #expect(try Program.run([command, bad, "gone", "-o", "out"], in: folder.path).status == 1)
  }

  /// Good frames are kept, and how many were lost is said; otherwise damage leaves nothing.
  @Test func damageStopsOrIsCounted() throws {
    try folder.makeClip("long.mp4", frames: 48)
    var data = try Data(contentsOf: URL(filePath: folder("long.mp4")))
    let middle = data.count / 2
    data.replaceSubrange(middle..<(middle + 900), with: Data(count: 900))
    try data.write(to: URL(filePath: folder("long.mp4")))
    let before = try files(".")
    let stopped = try Program.run(["encode", "long.mp4", "-o", "z.safetensors"], in: folder.path)
    #expect(stopped.status == 1)
    #expect(stopped.errors.hasPrefix("vaecodec: long.mp4: ") && stopped.errors.contains("frame "))
    #expect(stopped.errors.split(separator: "\n").count == 1)
    #expect(try files(".") == before)
    let partial = try Program.run(
      ["encode", "long.mp4", "-o", "z.safetensors", "--allow-partial", "--json"], in: folder.path)
    #expect(partial.status == 0, "\(partial.errors)")
    let result = try JSONSerialization.jsonObject(with: Data(partial.output.utf8)) as? [String: Any]
    let lost = try #require(result?["lostFrames"] as? Int)
    #expect(lost > 0)
    #expect(partial.errors.contains("\(lost) damaged or missing"))
  }
}
