import Foundation
import Media
import Testing

@Suite struct FormatTests {
  @Test(arguments: ["mp4", "mov", "mkv", "webm", "avi", "ts", "gif", "mpg", "flv"])
  func containersAreReadByContentNotName(container: String) throws {
    let shop = try Workshop()
    let codec = ["webm": "-c:v libvpx", "gif": "", "mpg": "-c:v mpeg2video", "flv": "-c:v libx264"]
    let made = try shop.video(
      "a.\(container)", rate: "25", frames: 10, codec[container] ?? "-c:v libx264")
    let file = shop.path("no%03d name*.bin")
    try FileManager.default.moveItem(atPath: made, toPath: file)
    let frames = try readAll(file)
    #expect(frames.count == 10)
    #expect((frames[0].width, frames[0].height) == (96, 64))
    let info = try probe(file)
    #expect((info.width, info.height) == (96, 64))
    #expect(!info.isImage)
  }

  @Test(arguments: [
    ("a.png", "rgb24"), ("a.png", "rgba"), ("a.png", "pal8"), ("a.png", "gray"),
    ("a.png", "rgb48be"),
    ("a.png", "gray16be"), ("a.bmp", "bgr24"), ("a.tiff", "rgb24"), ("a.ppm", "rgb24"),
  ])
  func losslessImagesAreReadExactly(name: String, pixels: String) throws {
    let shop = try Workshop()
    let file = try shop.ffmpeg(
      "-f lavfi -i testsrc=s=65x33 -frames:v 1 -pix_fmt \(pixels)", to: name)
    let frame = try #require(try readAll(file).first)
    let expected = try shop.run(
      "ffmpeg", ["-v", "error", "-i", file, "-f", "rawvideo", "-pix_fmt", "rgb24", "-"])
    let interleaved = (0..<(65 * 33)).flatMap { i in
      (0..<3).map { frame.bytes[$0 * 65 * 33 + i] }
    }
    let tolerance = pixels.hasSuffix("be") || pixels.hasPrefix("gray") ? 1 : 0
    #expect(difference(interleaved, Array(expected)).most <= tolerance)
    #expect(try probe(file).isImage)
  }

  @Test func jpegIsReadAsFullRange() throws {
    let shop = try Workshop()
    let file = try shop.ffmpeg(
      "-f lavfi -i color=white:s=32x32 -frames:v 1 -q:v 1", to: "white.jpg")
    #expect(try readAll(file).first?.bytes == [UInt8](repeating: 255, count: 3072))
  }

  @Test func headersAreToldQuickly() throws {
    let shop = try Workshop()
    try shop.ffmpeg(
      "-f lavfi -i testsrc2=s=96x64:r=30000/1001 -f lavfi -i sine=r=44100 -t 1 "
        + "-pix_fmt yuv420p -color_range tv -colorspace bt709 -c:v libx264 -c:a aac", to: "a.mp4")
    let file = shop.path("a.mp4")
    let clock = ContinuousClock()
    var info = try probe(file)
    // One quick try shows it; on a busy machine others may be slow.
    let isQuick = try (0..<100).contains { _ in
      try clock.measure { info = try probe(file) } < .milliseconds(50)
    }
    #expect(isQuick)
    #expect(info.codec == "h264" && info.frameRate == Rational(30000, over: 1001))
    #expect(info.frameCount == 30 && info.color.matrix == "bt709")
    #expect(info.color.isFullRange == false && !info.color.isHDR)
    #expect(info.audio?.codec == "aac" && info.audio?.sampleRate == 44100)
    #expect(info.audio?.channels == 1)
  }
}
