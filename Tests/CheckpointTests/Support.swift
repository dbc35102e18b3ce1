import Foundation

@testable import Checkpoint

/// Path of a file that `Fixtures/make.py` wrote.
func fixture(_ name: String) -> String {
  URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/\(name)").path
}

/// A folder of its own for one test, removed with it.
final class TemporaryFolder {
  let path: String

  init() throws {
    let url = FileManager.default.temporaryDirectory.appending(path: "checkpoint-\(UUID())")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    path = url.path
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// Writes `bytes` to a file `name` and returns its path.
  @discardableResult
  func write(_ name: String, _ bytes: some Sequence<UInt8>) throws -> String {
    try Data(bytes).write(to: URL(filePath: "\(path)/\(name)"))
    return "\(path)/\(name)"
  }

  /// Creates the file `name`, hands its descriptor out and returns its path.
  func create(_ name: String, _ body: (Int32, String) throws -> Void) throws -> String {
    let path = "\(path)/\(name)"
    let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL, 0o600)
    defer { close(descriptor) }
    try body(descriptor, path)
    return path
  }
}

/// The bytes of a safetensors file with `header` and `data`.
func safetensors(_ header: some StringProtocol, _ data: [UInt8] = []) -> [UInt8] {
  littleEndian(UInt64(header.utf8.count)) + header.utf8 + data
}

/// A file in memory.
func memory(_ bytes: [UInt8], _ name: String = "test") -> MappedFile {
  bytes.withUnsafeBytes { MappedFile(copying: $0, name: name) }
}

/// The bytes of `values`.
func bytes(of values: [some Any]) -> [UInt8] { values.withUnsafeBytes { Array($0) } }

/// What `body` fails with, as users see it; nil when it does not.
func failure(of body: () throws -> some Any) -> String? {
  do {
    _ = try body()
    return nil
  } catch {
    return "\(error)"
  }
}

/// Runs a Python script and returns what it prints; nil when there is no Python with `module`.
func python(_ script: String, needs module: String) throws -> String? {
  func run(_ script: String) throws -> String? {
    let process = Process()
    let output = Pipe()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["python3", "-c", script]
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    let data = try output.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return process.terminationStatus == 0 ? String(decoding: data, as: UTF8.self) : nil
  }
  guard try run("import importlib.util; assert importlib.util.find_spec('\(module)')") != nil else {
    return nil
  }
  return try run(script) ?? "failed"
}
