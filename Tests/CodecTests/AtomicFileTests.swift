import Foundation
import Testing

@testable import Codec

/// Both with files that have no name until their commit and, as where the system knows none such,
/// with hidden names.
@Suite struct AtomicFileTests {
  static let kinds = [true, false]
  let folder: TestFolder

  init() throws { folder = try TestFolder() }

  private func write(_ text: String, to file: AtomicFile) throws {
    try Array(text.utf8).withUnsafeBytes { try file.file.write($0, at: 0) }
  }

  @Test(arguments: kinds)
  func fileAppearsWithItsCommitOnly(unnamed: Bool) throws {
    let temporaries = TemporaryFiles(prefersUnnamed: unnamed)
    let file = try AtomicFile(folder("a"), replacing: false, in: temporaries)
    try write("whole", to: file)
    #expect(!FileManager.default.fileExists(atPath: folder("a")))
    try file.commit()
    #expect(try folder.names == ["a"])
    #expect(try bytes(of: folder("a")) == Data("whole".utf8))
  }

  @Test(arguments: kinds)
  func nothingStaysOfAFileThatWasGivenUp(unnamed: Bool) throws {
    let temporaries = TemporaryFiles(prefersUnnamed: unnamed)
    do {
      let file = try AtomicFile(folder("a"), replacing: false, in: temporaries)
      try write("half", to: file)
      #expect(try bytes(of: file.temporaryPath) == Data("half".utf8))
      #expect(try folder.names.count == (file.hasHiddenName ? 1 : 0))
    }
    #expect(try folder.names.isEmpty)
  }

  @Test(arguments: kinds)
  func sessionRemovesAllThatIsUnfinished(unnamed: Bool) throws {
    let temporaries = TemporaryFiles(prefersUnnamed: unnamed)
    let file = try AtomicFile(folder("a"), replacing: false, in: temporaries)
    try write("half", to: file)
    temporaries.removeAll()
    #expect(try folder.names.isEmpty)
  }

  @Test(arguments: kinds)
  func existingFilesAreReplacedOnRequestOnly(unnamed: Bool) throws {
    let temporaries = TemporaryFiles(prefersUnnamed: unnamed)
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

  @Test(arguments: kinds)
  func fileThatAppearsMeanwhileIsKept(unnamed: Bool) throws {
    let temporaries = TemporaryFiles(prefersUnnamed: unnamed)
    let file = try AtomicFile(folder("a"), replacing: false, in: temporaries)
    try write("new", to: file)
    try Data("another's".utf8).write(to: URL(fileURLWithPath: folder("a")))
    #expect(throws: CodecError.self) { try file.commit() }
    #expect(try bytes(of: folder("a")) == Data("another's".utf8))
  }

  /// What a child is given to read, as the tool that measures VMAF.
  @Test(arguments: kinds)
  func childrenCanReadIt(unnamed: Bool) throws {
    let temporaries = TemporaryFiles(prefersUnnamed: unnamed)
    let file = try AtomicFile(folder("a"), replacing: false, in: temporaries)
    try write("half", to: file)
    let child = Process()
    child.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    child.arguments = ["grep", "-q", "half", file.temporaryPath]
    try child.run()
    child.waitUntilExit()
    #expect(child.terminationStatus == 0)
  }

  @Test func foldersAreCheckedFirst() throws {
    let missing = #expect(throws: CodecError.self) {
      try AtomicFile(folder("no/a"), replacing: false, in: TemporaryFiles())
    }
    #expect(missing?.path == folder("no/a"))
    #expect(missing?.reason == "cannot write: there is no folder \(folder("no"))")
    #expect(throws: CodecError.self) {
      try AtomicFile(folder.path, replacing: true, in: TemporaryFiles())
    }
  }

  @Test(.enabled(if: getuid() != 0, "root may write anywhere"))
  func unwritableFolderIsRefused() throws {
    chmod(folder.path, 0o500)
    defer { chmod(folder.path, 0o700) }
    #expect(throws: CodecError.self) {
      try AtomicFile(folder("a"), replacing: false, in: TemporaryFiles())
    }
  }
}

extension AtomicFile {
  fileprivate var hasHiddenName: Bool { temporaryPath.hasPrefix(path.parentFolder) }
}
