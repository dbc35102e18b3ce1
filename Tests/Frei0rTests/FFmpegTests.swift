import Codec
import Foundation
import Media
import Tensor
import Testing

/// The filter inside the real ffmpeg.
@Suite(
  .serialized,
  .enabled(if: RealHost.isThere, "this ffmpeg has no frei0r, or the library is not built"))
struct FFmpegTests {
  /// What the library makes of raw RGBA frames taken `chunk` at a time.
  private func expected(
    _ raw: Data, _ width: Int, _ height: Int, chunk: Int, _ model: LoadedModel? = nil
  ) throws -> [UInt8] {
    let (area, bytes) = (width * height, Array(raw))
    let frames = bytes.count / (4 * area)
    let model = try model ?? LoadedModel(.tiny)
    var result: [UInt8] = []
    for start in stride(from: 0, to: frames, by: chunk) {
      let reconstruct = try Reconstruction(model, width: width, height: height, frames: chunk)
      let clip = Tensor([3, chunk, height, width]) { target in
        for c in 0..<3 {
          for t in 0..<chunk {
            for i in 0..<area {
              let value = bytes[4 * ((min(start + t, frames - 1)) * area + i) + c]
              target[(c * chunk + t) * area + i] = Float(value) * (2 / 255) - 1
            }
          }
        }
      }
      let video = try reconstruct(clip)
      for t in 0..<min(chunk, frames - start) {
        let planes = RGBFrame(video, frame: t).bytes
        for i in 0..<area {
          result +=
            (0..<3).map { planes[$0 * area + i] } + [bytes[4 * ((start + t) * area + i) + 3]]
        }
      }
    }
    return result
  }

  private func worst(_ a: Data, _ b: [UInt8]) -> Int {
    a.count == b.count ? zip(a, b).map { abs(Int($0) - Int($1)) }.max() ?? 0 : .max
  }

  /// Some FFmpeg pad rows of widths that are no multiples of 16.
  @Test(arguments: ["rgba", "bgra"], [(64, 48), (33, 31), (50, 20), (80, 17), (81, 16), (7, 9)])
  func imagesAreExact(pixels: String, size: (width: Int, height: Int)) throws {
    let (width, height) = size
    // Alpha that varies, to see that it is kept.
    let source =
      "testsrc=s=\(width)x\(height):r=24,format=rgba,geq=r='r(X,Y)':g='g(X,Y)':b='b(X,Y)':a='X*4'"
    let plain = try RealHost.filter(source: source, frames: 2, graph: "", pixels: pixels)
    let made = try RealHost.filter(
      source: source, frames: 2, graph: "frei0r=vaecodec:image", pixels: pixels)
    #expect(made.status == 0 && made.said.isEmpty, "\(made.said)")
    #expect(worst(made.output, try expected(plain.output, width, height, chunk: 1)) <= 1)
  }

  @Test(arguments: ["rgba", "bgra"], [(48, 32), (33, 31), (81, 16)])
  func clipsAreExactWithTheIdiom(pixels: String, size: (width: Int, height: Int)) throws {
    let (width, height) = size
    let source = "testsrc=s=\(width)x\(height):r=24"
    let plain = try RealHost.filter(source: source, frames: 7, graph: "", pixels: pixels)
    let made = try RealHost.filter(
      source: source, frames: 7,
      graph: "tpad=stop=5:stop_mode=clone,frei0r=vaecodec:clip|5,trim=start_frame=5,"
        + "setpts=PTS-STARTPTS", pixels: pixels)
    #expect(made.status == 0 && made.said.isEmpty, "\(made.said)")
    #expect(worst(made.output, try expected(plain.output, width, height, chunk: 5)) <= 1)
  }

  @Test func twoInstancesWorkInOneGraph() throws {
    let source = "testsrc2=s=48x32:r=24"
    let once = try RealHost.filter(source: source, frames: 2, graph: "frei0r=vaecodec:image")
    let pair = try RealHost.filter(
      source: source, frames: 2,
      graph: "split[a][b];[a]frei0r=vaecodec:image[c];[b]frei0r=vaecodec:image||0[d];[c][d]vstack")
    #expect(pair.status == 0, "\(pair.said)")
    let half = 48 * 32 * 4
    #expect(pair.output.prefix(half) == once.output.prefix(half))
  }

  /// Any checkpoint; this one is of another family.
  @Test func theModelIsTheUsersChoice() throws {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "ModelsTests/Fixtures/more/autoencoder_2d_diffusers").path
    let source = "testsrc2=s=48x32:r=24"
    let plain = try RealHost.filter(source: source, frames: 2, graph: "")
    let made = try RealHost.filter(
      source: source, frames: 2, graph: "frei0r=vaecodec:image",
      environment: ["VAECODEC_MODEL": folder])
    #expect(made.status == 0 && made.said.isEmpty, "\(made.said)")
    let model = try LoadedModel(ModelReference(folder))
    #expect(worst(made.output, try expected(plain.output, 48, 32, chunk: 1, model)) <= 1)
  }

  @Test func whatIsWrongIsSaidInOneLine() throws {
    let source = "testsrc2=s=48x32:r=24"
    let missing = try RealHost.filter(
      source: source, frames: 1, graph: "frei0r=vaecodec:image",
      environment: ["VAECODEC_MODEL": "/nonexistent.safetensors"])
    #expect(missing.status != 0)
    let lines = missing.said.split(separator: "\n").filter { $0.hasPrefix("vaecodec: ") }
    #expect(lines.count == 1 && lines[0].contains("/nonexistent.safetensors"), "\(missing.said)")

    let plain = try RealHost.filter(source: source, frames: 3, graph: "")
    let bad = try RealHost.filter(source: source, frames: 3, graph: "frei0r=vaecodec:moving")
    #expect(bad.status == 0 && bad.output == plain.output)
    #expect(bad.said == "vaecodec: mode must be image or clip, not moving; frames pass through\n")
  }
}
