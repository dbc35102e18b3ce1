import Foundation

/// The ffmpeg command, `nil` where there is none.
let ffmpeg: URL? = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
  .map { URL(filePath: String($0)).appending(path: "ffmpeg") }
  .first { FileManager.default.isExecutableFile(atPath: $0.path()) }
