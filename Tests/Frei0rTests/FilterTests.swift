import CFrei0r
import Codec
import Foundation
import Media
import NN
import Tensor
import Testing

@testable import Frei0r

/// The functions of the interface, called directly.
@Suite(.serialized) struct FilterTests {
  /// A picture that changes with `t`, alpha included.
  private func picture(_ width: Int, _ height: Int, _ t: Int = 0) -> [UInt8] {
    (0..<(width * height)).flatMap { i -> [UInt8] in
      let (x, y) = (i % width, i / width)
      return [
        UInt8((x * 5 + t * 9) % 256), UInt8(y * 7 % 256), UInt8((x + y + t) * 3 % 256),
        UInt8((x * 3 + t) % 256),
      ]
    }
  }

  /// What the library makes of pictures that belong together; alpha is theirs.
  private func expected(_ pictures: [[UInt8]], _ width: Int, _ height: Int) throws -> [[UInt8]] {
    let area = width * height
    let planes = (0..<3).flatMap { c in
      pictures.flatMap { picture in
        (0..<area).map { Float(picture[4 * $0 + c]) * (2 / 255) - 1 }
      }
    }
    let reconstruct = try Reconstruction(
      LoadedModel(.tiny), width: width, height: height, frames: pictures.count)
    let video = try reconstruct(Tensor([3, pictures.count, height, width], planes))
    return pictures.indices.map { t in
      let bytes = RGBFrame(video, frame: t).bytes
      return (0..<(4 * area)).map { i in
        i % 4 == 3 ? pictures[t][i] : bytes[i % 4 * area + i / 4]
      }
    }
  }

  private func worst(_ a: [UInt8], _ b: [UInt8]) -> Int {
    a.count == b.count ? zip(a, b).map { abs(Int($0) - Int($1)) }.max() ?? 0 : .max
  }

  @Test func describesItself() {
    var info = f0r_plugin_info_t()
    frei0rGetPluginInfo(&info)
    #expect(String(cString: info.name) == "vaecodec")
    #expect(info.frei0r_version == 1 && info.num_params == 6)
    let names = (0..<info.num_params).map { index in
      var parameter = f0r_param_info_t()
      frei0rGetParamInfo(&parameter, index)
      #expect(!String(cString: parameter.explanation).isEmpty)
      return String(cString: parameter.name)
    }
    #expect(names == ["mode", "chunk", "mix", "view", "precision", "threads"])
  }

  @Test(arguments: [(32, 16), (33, 17)])
  func imagesAreWhatTheLibraryReturns(width: Int, height: Int) throws {
    let host = Host(width: width, height: height)
    for t in 0..<2 {
      let source = picture(width, height, t)
      #expect(worst(host.update(source), try expected([source], width, height)[0]) <= 1)
    }
  }

  @Test func clipsAreWhatTheLibraryReturnsOneChunkLater() throws {
    let host = Host(width: 24, height: 16)
    host.set(0, "clip")
    host.set(1, "5")
    let sources = (0..<10).map { picture(24, 16, $0) }
    let results = (sources + Array(sources[5...])).map(host.update)
    #expect(results[..<5].elementsEqual(sources[..<5]), "the source until the first chunk is there")
    let chunks = try expected(Array(sources[..<5]), 24, 16) + expected(Array(sources[5...]), 24, 16)
    for t in 0..<10 { #expect(worst(results[5 + t], chunks[t]) <= 1, "frame \(t)") }
  }

  @Test func mixAndViewsShowWhatTheySay() throws {
    let (width, height) = (32, 16)
    let source = picture(width, height)
    let host = Host(width: width, height: height)
    let whole = host.update(source)
    host.set(2, 0)
    #expect(host.update(source) == source)
    host.set(2, 0.5)
    let half = host.update(source)
    for i in 0..<half.count {
      #expect(abs(2 * Int(half[i]) - Int(source[i]) - Int(whole[i])) <= 1)
    }
    host.set(2, 1)
    host.set(3, "split")
    let split = host.update(source)
    for i in 0..<split.count {
      #expect(split[i] == (i / 4 % width < width / 2 ? source[i] : whole[i]))
    }
    host.set(3, "difference")
    let difference = host.update(source)
    for i in 0..<difference.count {
      let gap = min(abs(Int(whole[i]) - Int(source[i])) * 8, 255)
      #expect(Int(difference[i]) == (i % 4 == 3 ? Int(source[i]) : gap))
    }
  }

  @Test func badValuesPassFramesThrough() {
    let source = picture(16, 16)
    for (index, bad, good) in [
      (0, "video", "image"), (1, "16", "17"), (1, "x", "5"), (3, "left", "split"),
      (4, "f64", "f32"), (5, "-1", "2"), (5, "many", "0"),
    ] {
      let host = Host(width: 16, height: 16)
      host.set(index, bad)
      #expect(host.update(source) == source, "\(bad)")
      host.set(index, good)
      #expect(host.text(index) == good)
      #expect(host.update(source) != source, "\(good)")
    }
    let host = Host(width: 16, height: 16)
    host.set(2, 1.5)
    #expect(host.update(source) == source)
    host.set(2, .nan)
    #expect(host.update(source) == source)
    host.set(99, "x")
  }

  @Test func sizesThatCannotBeAreRefused() {
    #expect(Host(width: 0, height: 16).instance == nil)
  }

  /// In a process of its own, whose memory no other test uses.
  @Test(.enabled(if: FileManager.default.fileExists(atPath: "/proc/self/statm")))
  func aThousandInstancesLeakNothing() async {
    await #expect(processExitsWith: .success) {
      _ = frei0rInit()
      func cycle(_ count: Int) {
        for _ in 0..<count {
          let host = Host(width: 16, height: 16)
          host.set(0, "image")
          _ = host.text(0)
        }
      }
      func residentPages() throws -> Int {
        let text = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8)
        return try #require(Int(text.split(separator: " ")[1]))
      }
      _ = Host(width: 16, height: 16).update([UInt8](repeating: 99, count: 1024))
      cycle(50)
      let before = try residentPages()
      cycle(1000)
      let grown = try residentPages() - before
      if grown >= 512 { print("\(grown) pages in 1000 instances") }
      exit(grown < 512 ? EXIT_SUCCESS : EXIT_FAILURE)
    }
  }

  @Test func modelsAreLoadedOnce() throws {
    let host = Host(width: 16, height: 16)
    let model = try ModelPool.shared.model(on: ComputeOptions())
    #expect(try model === ModelPool.shared.model(on: ComputeOptions()))
    withExtendedLifetime(host) {}
  }

  @Test func twoInstancesShareAModelAndNothingElse() throws {
    let (a, b) = (Host(width: 16, height: 16), Host(width: 24, height: 8))
    let (first, second) = (picture(16, 16), picture(24, 8))
    b.set(2, 0)
    let alone = a.update(first)
    #expect(b.update(second) == second)
    #expect(a.update(first) == alone)
  }
}
