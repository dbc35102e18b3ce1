import Foundation
import Media
import Testing

@Suite struct AudioTests {
  /// Two seconds of video whose sound is silent but for a beep from 1.0 to 1.1 s.
  private func beeping(_ shop: Workshop, _ name: String, _ audio: String) throws -> String {
    try shop.ffmpeg(
      "-f lavfi -i testsrc2=s=64x48:r=25 -f lavfi "
        + "-i aevalsrc='if(between(t,1,1.1),sin(2*PI*1000*t),0)':s=48000 -t 2 "
        + "-c:v libx264 \(audio)", to: name)
  }

  /// Copies pictures and sound from `start` on, and says when the beep begins in the copy.
  private func beep(
    _ shop: Workshop, in source: String, from start: Rational, frames: Int? = nil
  ) throws -> Double {
    let reader = try VideoReader(
      path: source,
      options: reading {
        $0.start = start
        $0.frames = frames
      })
    var options = WriterOptions()
    options.audio = AudioSource(path: source, start: reader.clipStart, isRequired: true)
    try write(drain(reader), to: shop.path("copy.mp4"), .mp4, rate: reader.outputRate, options)
    // The filter pads and cuts as the timestamps say.
    let data = try shop.run(
      "ffmpeg",
      [
        "-v", "error", "-i", "copy.mp4", "-af", "aresample=48000:async=1:first_pts=0", "-ac", "1",
        "-f", "s16le", "-",
      ])
    let loud = data.withUnsafeBytes { bytes in
      bytes.bindMemory(to: Int16.self).firstIndex { abs(Int($0)) > 3000 }
    }
    return Double(try #require(loud)) / 48000
  }

  @Test(arguments: [
    ("a.mp4", "-c:a aac"), ("a.mkv", "-c:a libopus"), ("a.ts", "-c:a aac"),
    ("b.mp4", "-c:a libmp3lame"), ("c.mp4", "-c:a aac -output_ts_offset 3"),
  ])
  func soundStaysInSync(name: String, audio: String) throws {
    let shop = try Workshop()
    let source = try beeping(shop, name, audio)
    #expect(abs(try beep(shop, in: source, from: 0) - 1) < 0.012, "\(name)")
    let cut = Rational(3, over: 5) ?? 0
    #expect(abs(try beep(shop, in: source, from: cut, frames: 25) - 0.4) < 0.012, "\(name)")
    let said = try shop.ffprobe(shop.path("copy.mp4"), "a", "duration")
    #expect(abs((Double(said["duration"] ?? "") ?? 0) - 1) < 0.06, "\(name): \(said)")
  }

  @Test func soundThatBeginsLaterStaysLater() throws {
    let shop = try Workshop()
    _ = try beeping(shop, "a.mp4", "-c:a aac")
    let late = try shop.ffmpeg(
      "-i a.mp4 -itsoffset 0.3 -i a.mp4 -map 0:v -map 1:a -c copy", to: "late.mp4")
    #expect(abs(try beep(shop, in: late, from: 0) - 1.3) < 0.012)
  }

  @Test func packetsAreCopiedUnchanged() throws {
    let shop = try Workshop()
    let source = try beeping(shop, "a.mp4", "-c:a aac")
    _ = try beep(shop, in: source, from: 0)
    func sound(_ path: String) throws -> Data {
      try shop.run("ffmpeg", ["-v", "error", "-i", path, "-vn", "-c", "copy", "-f", "adts", "-"])
    }
    let (before, after) = (try sound(source), try sound(shop.path("copy.mp4")))
    #expect(after.count > 1000 && before.starts(with: after))
  }

  @Test func soundThatMP4CannotHoldIsLeftOutOrRefused() throws {
    let shop = try Workshop()
    let source = try beeping(shop, "a.mkv", "-c:a pcm_s16le")
    var options = WriterOptions()
    options.audio = AudioSource(path: source, start: 0)
    let writer = try VideoWriter(
      path: shop.path("a.mp4"), format: .mp4, width: 32, height: 32, frameRate: 25, options: options
    )
    try writer.write(frame(32, 32) { _, _ in (9, 9, 9) })
    try writer.finish()
    #expect(writer.warnings == ["\(source): MP4 cannot hold its sound (pcm_s16le); it is left out"])
    options.audio?.isRequired = true
    let refused = failure {
      _ = try VideoWriter(
        path: shop.path("b.mp4"), format: .mp4, width: 32, height: 32, frameRate: 25,
        options: options)
    }
    #expect(refused == "\(source): MP4 cannot hold its sound (pcm_s16le)")
  }

  @Test func missingSoundIsAnErrorOnlyWhereItIsRequired() throws {
    let shop = try Workshop()
    let source = try shop.video("silent.mp4", frames: 2)
    var options = WriterOptions()
    options.audio = AudioSource(path: source, start: 0)
    try write(readAll(source), to: shop.path("a.mp4"), .mp4, options)
    options.audio?.isRequired = true
    let said = failure { try write(readAll(source), to: shop.path("b.mp4"), .mp4, options) }
    #expect(said == "\(source): holds no sound")
  }
}
