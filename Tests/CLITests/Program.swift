import Foundation
import TestSupport
import Testing

/// The built program, run as a user runs it.
struct Program {
  struct Outcome {
    let status: Int32
    let output: String
    let errors: String
  }

  /// Beside the test bundle, where SwiftPM puts both.
  static let path: String = {
    let bundle = CommandLine.arguments.first { $0.hasSuffix(".xctest") } ?? CommandLine.arguments[0]
    return URL(filePath: bundle).deletingLastPathComponent().appending(path: "vaecodec").path()
  }()

  static var isBuilt: Bool { FileManager.default.isExecutableFile(atPath: path) }

  /// Runs `vaecodec` with `arguments` in `folder`.
  static func run(_ arguments: [String], in folder: String? = nil) throws -> Outcome {
    try launch(path, arguments, in: folder)
  }

  /// Runs a tool found on the path, as ffprobe.
  static func tool(_ name: String, _ arguments: [String]) throws -> Outcome {
    try launch("/usr/bin/env", [name] + arguments, in: nil)
  }

  /// What ffprobe says of a stream ("v:0", "a:0"), frames counted: the values of `entries`.
  static func probe(_ file: String, _ stream: String, _ entries: String) throws -> String {
    try tool(
      "ffprobe",
      [
        "-v", "error", "-count_frames", "-select_streams", stream, "-show_entries",
        "stream=\(entries)", "-of", "csv=p=0", file,
      ]
    ).output.trimmingCharacters(in: .whitespacesAndNewlines)
  }

  private static func launch(
    _ executable: String, _ arguments: [String], in folder: String?
  ) throws -> Outcome {
    let process = Process()
    process.executableURL = URL(filePath: executable)
    process.arguments = arguments
    if let folder { process.currentDirectoryURL = URL(filePath: folder) }
    let (output, errors) = (Pipe(), Pipe())
    process.standardOutput = output
    process.standardError = errors
    process.standardInput = FileHandle.nullDevice
    try process.run()
    // Both are short enough for their pipes' buffers but for the output, which is read first.
    let text = output.fileHandleForReading.readDataToEndOfFile()
    let complaints = errors.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return Outcome(
      status: process.terminationStatus, output: String(decoding: text, as: UTF8.self),
      errors: String(decoding: complaints, as: UTF8.self))
  }
}

extension ParityCase {
  /// What has a command take the case's model.
  var modelOptions: [String] {
    ["--model", weights, "--config", folder.appending(path: "config.json").path]
  }
}

/// A folder that goes with its test.
final class WorkFolder {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "vaecodec-cli-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit {
    try? FileManager.default.removeItem(atPath: path)
  }

  func callAsFunction(_ name: String) -> String { "\(path)/\(name)" }

  var names: [String] {
    get throws { try FileManager.default.contentsOfDirectory(atPath: path).sorted() }
  }

  /// Makes a clip of a moving test picture and a tone with ffmpeg.
  func makeClip(_ name: String, frames: Int, size: String = "64x48", rate: String = "24000/1001")
    throws
  {
    let made = try Program.tool(
      "ffmpeg",
      [
        "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=\(size):rate=\(rate)", "-f", "lavfi",
        "-i", "sine=frequency=440:sample_rate=48000", "-frames:v", "\(frames)", "-shortest",
        "-pix_fmt", "yuv420p", "-c:a", "aac", self(name),
      ])
    try #require(made.status == 0, "\(made.errors)")
  }
}
