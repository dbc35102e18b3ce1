import CFrei0r
import Foundation
import Frei0r
import Testing

/// Calls the filter's functions as a host does, without ffmpeg.
final class Host {
  let instance: UnsafeMutableRawPointer?
  let width: Int
  let height: Int

  init(width: Int, height: Int) {
    #expect(frei0rInit() >= 0)
    self.width = width
    self.height = height
    instance = frei0rConstruct(UInt32(width), UInt32(height))
  }

  deinit {
    frei0rDestruct(instance)
    frei0rDeinit()
  }

  func set(_ index: Int, _ text: String) {
    text.withCString { pointer in
      var value: UnsafePointer<CChar>? = pointer
      frei0rSetParamValue(instance, &value, Int32(index))
    }
  }

  func set(_ index: Int, _ number: Double) {
    var value = number
    frei0rSetParamValue(instance, &value, Int32(index))
  }

  func text(_ index: Int) -> String {
    var value: UnsafePointer<CChar>?
    frei0rGetParamValue(instance, &value, Int32(index))
    return value.map { String(cString: $0) } ?? ""
  }

  /// One picture of R, G, B, A bytes to another.
  func update(_ picture: [UInt8]) -> [UInt8] {
    let count = width * height
    let input = picture.withUnsafeBytes { Array($0.bindMemory(to: UInt32.self)) }
    var output = [UInt32](repeating: 0, count: count)
    frei0rUpdate(instance, 0, input, &output)
    return output.withUnsafeBytes { Array($0) }
  }
}

/// The tools and files the tests with the real ffmpeg need.
enum RealHost {
  /// The built library; nil where only the tests were built.
  static let library: URL? = {
    let name = "libvaecodec_frei0r.so"
    let folders =
      [Bundle.main.bundleURL, URL(fileURLWithPath: CommandLine.arguments[0])]
      .flatMap { [$0, $0.deletingLastPathComponent()] }
      + ["release", "debug"].map {
        URL(fileURLWithPath: FileManager.default.currentDirectoryPath)
          .appendingPathComponent(".build/\($0)")
      }
    return folders.map { $0.appendingPathComponent(name) }
      .first { FileManager.default.fileExists(atPath: $0.path) }
  }()

  /// Whether the machine's ffmpeg can load frei0r filters and the library is there.
  static let isThere: Bool = {
    guard library != nil, let said = try? run("ffmpeg", ["-hide_banner", "-filters"]) else {
      return false
    }
    return String(decoding: said.output, as: UTF8.self).contains(" frei0r ")
  }()

  /// Runs a tool; standard error comes back as text.
  static func run(
    _ tool: String, _ arguments: [String], environment: [String: String] = [:]
  ) throws -> (status: Int32, output: Data, said: String) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [tool] + arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.standardInput = FileHandle.nullDevice
    let output = Pipe()
    process.standardOutput = output
    // A file, so that neither pipe can fill up while the other is read.
    let errors = FileManager.default.temporaryDirectory
      .appendingPathComponent("vaecodec-frei0r-\(UUID().uuidString).log")
    _ = FileManager.default.createFile(atPath: errors.path, contents: nil)
    defer { try? FileManager.default.removeItem(at: errors) }
    process.standardError = try FileHandle(forWritingTo: errors)
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    let said = String(decoding: (try? Data(contentsOf: errors)) ?? Data(), as: UTF8.self)
    return (process.terminationStatus, data, said)
  }

  /// Runs ffmpeg with the filter, found under the name "vaecodec"; gives raw RGBA.
  static func filter(
    source: String, frames: Int, graph: String, environment: [String: String] = [:],
    pixels: String = "rgba"
  ) throws -> (status: Int32, output: Data, said: String) {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("vaecodec-frei0r-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try FileManager.default.createSymbolicLink(
      at: folder.appendingPathComponent("vaecodec.so"), withDestinationURL: #require(library))
    let cut = "trim=end_frame=\(frames),format=\(pixels)"
    return try run(
      "ffmpeg",
      [
        "-v", "error", "-f", "lavfi", "-i", source, "-filter_complex",
        "[0]\(cut)\(graph.isEmpty ? "" : "," + graph)", "-f", "rawvideo", "-pix_fmt", "rgba", "-",
      ], environment: environment.merging(["FREI0R_PATH": folder.path]) { own, _ in own })
  }
}
