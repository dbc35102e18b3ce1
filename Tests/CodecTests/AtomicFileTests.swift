import Foundation
import Testing

@testable import Codec

@Suite struct AtomicFileTests {
  let folder: TestFolder
  let temporaries = TemporaryFiles()

  init() throws { folder = try TestFolder() }

  private func write(_ text: String, to file: AtomicFile) throws {
    let bytes = Array(text.utf8)
    try bytes.withUnsafeBytes {
      try File(creating: file.temporaryPath, named: file.path).write($0, at: 0)
    }
  }

  @Test func fileAppearsWithItsCommitOnly() throws {
    let file = try AtomicFile(folder("a"), replacing: false, in: temporaries)
    try write("whole", to: file)
    #expect(!FileManager.default.fileExists(atPath: folder("a")))
    try file.commit()
    #expect(try folder.names == ["a"])
    #expect(try bytes(of: folder("a")) == Data("whole".utf8))
  }

  @Test func nothingStaysOfAFileThatWasGivenUp() throws {
    do {
      let file = try AtomicFile(folder("a"), replacing: false, in: temporaries)
      try write("half", to: file)
      #expect(try folder.names.count == 1)
    }
    #expect(try folder.names.isEmpty)
  }

  @Test func sessionRemovesAllThatIsUnfinished() throws {
    let file = try AtomicFile(folder("a"), replacing: false, in: temporaries)
    try write("half", to: file)
    temporaries.removeAll()
    #expect(try folder.names.isEmpty)
  }

  @Test func existingFilesAreReplacedOnRequestOnly() throws {
    try Data("old".utf8).write(to: URL(fileURLWithPath: folder("a")))
    #expect(throws: CodecError.self) {
      try AtomicFile(folder("a"), replacing: false, in: temporaries)
    }
    let file = try AtomicFile(folder("a"), replacing: true, in: temporaries)
    try write("new", to: file)
    #expect(try bytes(of: folder("a")) == Data("old".utf8))
    try file.commit()
    #expect(try bytes(of: folder("a")) == Data("new".utf8))
    #expect(try folder.names == ["a"])
  }

  @Test func fileThatAppearsMeanwhileIsKept() throws {
    let file = try AtomicFile(folder("a"), replacing: false, in: temporaries)
    try write("new", to: file)
    try Data("another's".utf8).write(to: URL(fileURLWithPath: folder("a")))
    #expect(throws: CodecError.self) { try file.commit() }
    #expect(try bytes(of: folder("a")) == Data("another's".utf8))
  }

  @Test func foldersAreCheckedFirst() throws {
    let missing = #expect(throws: CodecError.self) {
      try AtomicFile(folder("no/a"), replacing: false, in: temporaries)
    }
    #expect(missing?.path == folder("no/a"))
    #expect(missing?.reason == "cannot write: there is no folder \(folder("no"))")
    #expect(throws: CodecError.self) {
      try AtomicFile(folder.path, replacing: true, in: temporaries)
    }
  }

  @Test(.enabled(if: getuid() != 0, "root may write anywhere"))
  func unwritableFolderIsRefused() throws {
    chmod(folder.path, 0o500)
    defer { chmod(folder.path, 0o700) }
    #expect(throws: CodecError.self) {
      try AtomicFile(folder("a"), replacing: false, in: temporaries)
    }
  }
}
