import Foundation
import Media
import Tensor

@testable import Codec

/// A folder that goes with the test.
final class TestFolder {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "vaecodec-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit {
    try? FileManager.default.removeItem(atPath: path)
  }

  func callAsFunction(_ name: String) -> String { "\(path)/\(name)" }

  /// All that is in the folder, hidden files too, sorted.
  var names: [String] {
    get throws { try FileManager.default.subpathsOfDirectory(atPath: path).sorted() }
  }
}

/// Moving stripes over a gradient.
func testFrame(_ index: Int, width: Int, height: Int) -> RGBFrame {
  var bytes: [UInt8] = []
  for plane in 0..<3 {
    for y in 0..<height {
      for x in 0..<width {
        let stripe = (x + index * 2) / 8 % 2 == 0 ? 60 : 0
        bytes.append(UInt8((x * 2 + y * (plane + 1) + stripe) % 200 + 20))
      }
    }
  }
  return RGBFrame(width: width, height: height, samples: .eight(bytes), index: index)
}

/// Writes an MP4 of `frames` frames.
func writeClip(
  _ path: String, frames: Int, width: Int = 64, height: Int = 64,
  rate: Rational = Rational(24000, over: 1001) ?? 24
) throws {
  var options = WriterOptions()
  options.crf = 12
  let writer = try VideoWriter(
    path: path, format: .mp4, width: width, height: height, frameRate: rate, options: options)
  for index in 0..<frames { try writer.write(testFrame(index, width: width, height: height)) }
  try writer.finish()
}

/// Models are loaded once for all tests; each test runs its jobs on one thread.
func tiny(threads: Int = 2) throws -> LoadedModel {
  try LoadedModel(.tiny, on: ComputeOptions(threads: threads))
}

/// All bytes of a file.
func bytes(of path: String) throws -> Data {
  try Data(contentsOf: URL(fileURLWithPath: path))
}
