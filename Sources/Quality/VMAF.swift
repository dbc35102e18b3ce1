import Foundation

/// VMAF, Netflix's perceptual score from 0 to 100, measured by the machine's ffmpeg.
public struct VMAFFigures: Codable, Hashable, Sendable {
  /// Mean over frames.
  public var mean: Double
  /// Lowest of a frame.
  public var minimum: Double
  /// Every frame's, in order.
  public var perFrame: [Double]
}

/// Runs ffmpeg's `libvmaf` filter over two files.
public struct VMAF: Sendable {
  private let ffmpeg: URL

  /// Finds ffmpeg on `path`, a list as in `PATH`, and asks whether it has the filter.
  ///
  /// - Throws: ``QualityError`` that says what is missing.
  public init(path: String? = ProcessInfo.processInfo.environment["PATH"]) throws {
    let candidates = (path ?? "").split(separator: ":").map {
      URL(filePath: String($0)).appending(path: "ffmpeg")
    }
    guard
      let found = candidates.first(where: {
        FileManager.default.isExecutableFile(atPath: $0.path(percentEncoded: false))
      })
    else { throw QualityError("VMAF is unavailable: no ffmpeg on the path") }
    ffmpeg = found
    let filters = try run(["-hide_banner", "-filters"], in: nil)
    guard filters.output.contains(" libvmaf ") else {
      throw QualityError("VMAF is unavailable: this ffmpeg is built without libvmaf")
    }
  }

  /// Scores a video file against its source; frames are taken pair by pair from the first.
  ///
  /// - Throws: ``QualityError`` with ffmpeg's last words where it fails.
  public func measure(source: String, reconstruction: String) throws -> VMAFFigures {
    let folder = FileManager.default.temporaryDirectory
      .appending(path: "vaecodec-vmaf-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(at: folder) }
    // The log's name needs no escapes: ffmpeg works in the folder.
    let graph =
      "[0:v]setpts=N/TB[d];[1:v]setpts=N/TB[r];[d][r]libvmaf=log_fmt=json:log_path=vmaf.json"
    let inputs = [reconstruction, source].map { URL(filePath: $0).path(percentEncoded: false) }
    let result = try run(
      ["-hide_banner", "-nostdin", "-v", "error", "-i", inputs[0], "-i", inputs[1]]
        + ["-lavfi", graph, "-f", "null", "-"], in: folder)
    guard result.status == 0 else {
      let words = result.output.split(separator: "\n").last ?? "exit status \(result.status)"
      throw QualityError("\(reconstruction): ffmpeg could not measure VMAF: \(words)")
    }
    return try Self.parse(Data(contentsOf: folder.appending(path: "vmaf.json")))
  }

  /// Reads the log of libvmaf, versions 1 and 2.
  static func parse(_ log: Data) throws -> VMAFFigures {
    struct Log: Decodable {
      struct Frame: Decodable {
        struct Metrics: Decodable {
          let vmaf: Double
        }
        let metrics: Metrics
      }
      let frames: [Frame]
    }
    guard let scores = try? JSONDecoder().decode(Log.self, from: log).frames.map(\.metrics.vmaf),
      let minimum = scores.min()
    else { throw QualityError("ffmpeg's VMAF log holds no scores") }
    return VMAFFigures(
      mean: scores.reduce(0, +) / Double(scores.count), minimum: minimum, perFrame: scores)
  }

  /// Runs ffmpeg to its end; `output` is both its streams.
  private func run(_ arguments: [String], in folder: URL?) throws -> (status: Int32, output: String)
  {
    let process = Process()
    let pipe = Pipe()
    process.executableURL = ffmpeg
    process.arguments = arguments
    process.currentDirectoryURL = folder
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = pipe
    process.standardError = pipe
    do {
      try process.run()
    } catch {
      throw QualityError("VMAF is unavailable: \(ffmpeg.path()): \(error.localizedDescription)")
    }
    let output = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: output, as: UTF8.self))
  }
}
