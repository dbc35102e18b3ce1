import Foundation
import Testing

@testable import Codec

@Suite struct BatchTests {
  let folder: TestFolder

  init() throws { folder = try TestFolder() }

  private func touch(_ names: String...) throws {
    for name in names {
      _ = try OutputFolders(of: [folder(name)])
      try Data().write(to: URL(fileURLWithPath: folder(name)))
    }
  }

  @Test func foldersAreWalkedInOrder() throws {
    try touch("in/b.mp4", "in/a.MOV", "in/notes.txt", "in/.hidden.mp4", "in/sub/deep/c.png")
    let inputs = try InputList.expand([folder("in"), "missing.mp4"], kind: .media)
    #expect(inputs.map(\.stem) == ["a", "b", "c", "missing"])
    #expect(inputs.map(\.folder) == ["", "", "sub/deep", ""])
    #expect(inputs[2].path == folder("in/sub/deep/c.png"))
    #expect(throws: CodecError.self) { try InputList.expand([folder("in")], kind: .latents) }
  }

  @Test func listsNameInputs() throws {
    try touch("x.mp4")
    try Data("# clips\n\n\(folder("x.mp4"))\r\n  y.mp4\n@\(folder("more"))\n".utf8)
      .write(to: URL(fileURLWithPath: folder("list")))
    try Data("z.mp4\n".utf8).write(to: URL(fileURLWithPath: folder("more")))
    let inputs = try InputList.expand(["@" + folder("list")], kind: .media)
    #expect(inputs.map(\.path) == [folder("x.mp4"), "y.mp4", "z.mp4"])
    try Data("@\(folder("more"))\n".utf8).write(to: URL(fileURLWithPath: folder("more")))
    #expect(throws: CodecError.self) { try InputList.expand(["@" + folder("more")], kind: .media) }
    #expect(throws: CodecError.self) { try InputList.expand(["@" + folder("none")], kind: .media) }
  }

  @Test func resultsOfOneNameAreKeptApart() {
    var names = OutputNames()
    let inputs = [
      BatchInput(path: "x/a.mp4"), BatchInput(path: "y/a.mov"), BatchInput(path: "A.mp4"),
      BatchInput(path: "s/a.mp4", folder: "s"), BatchInput(path: "a_2.mp4"),
      BatchInput(path: "b.latents.safetensors"), BatchInput(path: "-"),
    ]
    #expect(
      inputs.map { names.next(for: $0) }
        == ["a", "a_2", "A_3", "s/a", "a_2_2", "b", "stdin"])
  }

  @Test(arguments: [([false], 0), ([true, true], 1), ([true, false], 3)] as [([Bool], Int32)])
  func batchesGoOnAndSayHowItWent(fails: [Bool], code: Int32) throws {
    let report = try runBatch(
      Array(fails.enumerated()), named: { "item \($0.offset)" }, session: Session(),
      isSkipped: { $0 == 1 },
      work: { item in
        if item.element { throw CodecError("item", "broken") }
        return item.offset
      })
    #expect(report.exitCode == code)
    #expect(report.items.count == fails.count)
    #expect(report.failures == fails.count { $0 })
    let error = report.items.first { $0.status == .failed }?.error
    #expect(error == (fails.contains(true) ? "item: broken" : nil))
    #expect(report.skipped == (fails == [true, false] ? 1 : 0))
  }

  @Test func interruptionEndsABatch() throws {
    let session = Session()
    #expect(throws: Interrupted.self) {
      try runBatch(
        [1, 2, 3], named: { "\($0)" }, session: session, isSkipped: { _ in false },
        work: { number in
          if number == 2 { session.cancellation.cancel(signal: 2) }
          return number
        })
    }
  }
}
