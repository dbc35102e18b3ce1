import Foundation
import Media
import Testing

/// Files that tests make with the `ffmpeg` command, in a folder of their own, gone afterwards.
final class Workshop {
  let folder: URL

  init() throws {
    folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("vaecodec-media-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  /// The path of a file in the folder.
  func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

  /// Runs `ffmpeg ARGUMENTS OUTPUT`; file names in the arguments are relative to the folder.
  @discardableResult
  func ffmpeg(_ arguments: String, to name: String) throws -> String {
    _ = try run(
      "ffmpeg", ["-v", "error", "-y"] + arguments.split(separator: " ").map(String.init) + [name])
    return path(name)
  }

  /// A test picture in motion, encoded as told.
  @discardableResult
  func video(
    _ name: String, size: String = "96x64", rate: String = "24", frames: Int = 24,
    _ arguments: String = "-c:v libx264"
  ) throws -> String {
    try ffmpeg(
      "-f lavfi -i testsrc2=s=\(size):r=\(rate) -frames:v \(frames) \(arguments)", to: name)
  }

  /// What ffprobe says of the first stream of a kind ("v", "a"): the fields asked for, as text.
  func ffprobe(_ path: String, _ kind: String, _ fields: String) throws -> [String: String] {
    let text = try run(
      "ffprobe",
      [
        "-v", "error", "-select_streams", kind, "-count_packets", "-show_entries",
        "stream=\(fields)", "-of", "default=noprint_wrappers=1", path,
      ])
    let text8 = String(decoding: text, as: UTF8.self)
    let pairs = text8.split(separator: "\n").compactMap { line -> (String, String)? in
      let parts = line.split(separator: "=", maxSplits: 1)
      return parts.count == 2 ? (String(parts[0]), String(parts[1])) : nil
    }
    return Dictionary(pairs, uniquingKeysWith: { first, _ in first })
  }

  /// All frames as ffmpeg decodes them to 8-bit RGB, converted as accurately as it can.
  ///
  /// - Parameter isSubsampled: chroma is taken to be sited left, as in MPEG-2.
  func rgb(_ path: String, isSubsampled: Bool = true, filter: String = "") throws -> [UInt8] {
    let scale = "scale=flags=accurate_rnd+full_chroma_int+full_chroma_inp+bicubic"
    let positions = isSubsampled ? ":in_h_chr_pos=0:in_v_chr_pos=128" : ""
    let data = try run(
      "ffmpeg",
      [
        "-v", "error", "-i", path, "-fps_mode", "passthrough", "-vf",
        filter + "\(scale)\(positions),format=gbrp", "-f", "rawvideo", "-pix_fmt", "gbrp", "-",
      ])
    return Array(data)
  }

  func run(_ tool: String, _ arguments: [String]) throws -> Data {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [tool] + arguments
    process.currentDirectoryURL = folder
    let output = Pipe()
    process.standardOutput = output
    process.standardInput = FileHandle.nullDevice
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0, "\(tool) \(arguments.joined(separator: " "))")
    return data
  }
}

/// All frames of a file.
func readAll(_ path: String, _ options: ReaderOptions = ReaderOptions()) throws -> [RGBFrame] {
  try drain(VideoReader(path: path, options: options))
}

/// All frames that are left in a reader.
func drain(_ reader: VideoReader) throws -> [RGBFrame] {
  var frames: [RGBFrame] = []
  while let frame = try reader.next() { frames.append(frame) }
  return frames
}

/// Writes frames to a file and closes it.
func write(
  _ frames: [RGBFrame], to path: String, _ format: VideoFormat, rate: Rational = 24,
  _ options: WriterOptions = WriterOptions()
) throws {
  let first = try #require(frames.first)
  let writer = try VideoWriter(
    path: path, format: format, width: first.width, height: first.height, frameRate: rate,
    options: options)
  for frame in frames { try writer.write(frame) }
  try writer.finish()
}

/// Options set in one expression.
func reading(_ change: (inout ReaderOptions) -> Void) -> ReaderOptions {
  var options = ReaderOptions()
  change(&options)
  return options
}

/// The error of a call that must fail, as the line a person sees.
func failure(_ body: () throws -> Void) -> String {
  do {
    try body()
    return "no error"
  } catch {
    return "\(error)"
  }
}

/// Random numbers that are the same in every run (SplitMix64).
struct SeededRandom: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}

/// Mean and largest difference of two pictures, of 255.
func difference(_ a: [UInt8], _ b: [UInt8]) -> (mean: Double, most: Int) {
  guard a.count == b.count, !a.isEmpty else { return (.infinity, .max) }
  let gaps = zip(a, b).map { abs(Int($0) - Int($1)) }
  return (Double(gaps.reduce(0, +)) / Double(gaps.count), gaps.max() ?? 0)
}

/// A frame of one colour function of the position.
func frame(
  _ width: Int, _ height: Int, index: Int = 0, _ color: (Int, Int) -> (Int, Int, Int)
) -> RGBFrame {
  var values = [UInt8](repeating: 0, count: 3 * width * height)
  for y in 0..<height {
    for x in 0..<width {
      let (r, g, b) = color(x, y)
      for (c, value) in [r, g, b].enumerated() {
        values[(c * height + y) * width + x] = UInt8(clamping: value)
      }
    }
  }
  return RGBFrame(width: width, height: height, samples: .eight(values), index: index)
}

/// The folder of awkward real files, where there is one.
let clips: URL? = {
  let environment = ProcessInfo.processInfo.environment["VAECODEC_CLIPS"]
  let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()
  let folder =
    environment.map { URL(fileURLWithPath: $0) }
    ?? package.deletingLastPathComponent().appendingPathComponent("shared/clips")
  let media = folder.appendingPathComponent("media")
  return FileManager.default.fileExists(atPath: media.path) ? media : nil
}()
