import Foundation
import Media
import Testing

@Suite struct TimeTests {
  @Test(arguments: ["24000/1001", "30000/1001", "25", "12.5", "60", "1000/33"])
  func fractionsStayExact(rate: String) throws {
    let shop = try Workshop()
    let exact = try #require(Rational(rate))
    for name in ["a.mp4", "a.mkv"] {
      let file = try shop.video(name, rate: rate, frames: 30)
      let reader = try VideoReader(path: file)
      if name == "a.mp4" || rate != "1000/33" { #expect(reader.outputRate == exact, "\(name)") }
      #expect(try drain(reader).count == 30)
    }
    let frames = try readAll(shop.path("a.mp4"))
    let copy = shop.path("copy.mp4")
    try write(frames, to: copy, .mp4, rate: exact)
    let said = try shop.ffprobe(copy, "v", "avg_frame_rate,r_frame_rate,nb_frames")
    let written = "\(exact.numerator)/\(exact.denominator)"
    #expect(said == ["avg_frame_rate": written, "r_frame_rate": written, "nb_frames": "30"])
  }

  @Test func containersWithoutCountsAreReadWhole() throws {
    let shop = try Workshop()
    for (name, arguments, count) in [
      ("a.webm", "-c:v libvpx -auto-alt-ref 1 -lag-in-frames 16", 40),
      ("b.webm", "-c:v libvpx-vp9", 24), ("a.ts", "-c:v libx264 -bf 3", 24), ("a.gif", "", 24),
      ("a.h264", "-c:v libx264 -bf 3", 24), ("a.mpg", "-c:v mpeg2video", 24),
    ] {
      let file = try shop.video(name, rate: name == "a.gif" ? "25" : "24", frames: count, arguments)
      let reader = try VideoReader(path: file)
      #expect(try drain(reader).count == count, "\(name)")
      #expect(reader.outputRate == (name == "a.gif" ? 25 : 24), "\(name)")
      #expect(reader.expectedFrames == count, "\(name)")
    }
  }

  @Test func framesComeInTheOrderOfShowing() throws {
    let shop = try Workshop()
    let file = try shop.video("b.mp4", frames: 24, "-c:v libx264 -bf 3 -g 12")
    let frames = try readAll(file)
    #expect(frames.map(\.index) == Array(0..<24))
    #expect(planes(frames, "gbr") == (try shop.rgb(file)))
  }

  @Test func startsOtherThanZeroAreKeptAsTheClipsStart() throws {
    let shop = try Workshop()
    try shop.video("a.mp4", frames: 12)
    let file = try shop.ffmpeg("-i a.mp4 -c copy -output_ts_offset 5", to: "late.mp4")
    let reader = try VideoReader(path: file)
    #expect(reader.clipStart == 5)
    #expect(reader.info.startTime == 5)
    #expect(try drain(reader).first?.sourceTime == 5)
  }

  @Test func framesOutsideTheEditListAreNotShown() throws {
    let shop = try Workshop()
    let file = try shop.video("a.mp4", frames: 48, "-c:v libx264 -g 24 -bf 2")
    // Cut between key frames: the frames before the cut stay in the file, marked to be discarded.
    try shop.ffmpeg("-ss 1.5 -i a.mp4 -c copy", to: "edited.mp4")
    let edited = try readAll(shop.path("edited.mp4"))
    let expected = try shop.rgb(shop.path("edited.mp4"))
    #expect(planes(edited, "gbr") == expected)
    let whole = try readAll(file)
    #expect(edited.count == 12)
    #expect(edited.first?.bytes == whole[36].bytes)
  }

  @Test(arguments: ["mp4", "mkv"])
  func variableRatesAreResampledToTheSameLength(container: String) throws {
    let shop = try Workshop()
    // 12 frames at 24, then 36 at 48 per second: 1.25 s.
    let file = try shop.video(
      "vfr.\(container)", frames: 48,
      "-vf settb=1/1000,setpts='if(lt(N,12),N*1000/24,500+(N-12)*1000/48)' "
        + "-fps_mode passthrough -enc_time_base 1:1000 -c:v libx264")
    let reader = try VideoReader(path: file)
    #expect(reader.info.isVariableRate)
    #expect(reader.outputRate == 48)
    let frames = try drain(reader)
    #expect(abs(Double(frames.count) / 48 - 1.25) <= 1.0 / 48)
    #expect(Set(frames.map(\.bytes)).count == 48, "every frame is shown")
    #expect(reader.warnings.contains { $0.contains("variable frame rate; resampled to 48") })
  }

  @Test func droppedFramesAreHeld() throws {
    let shop = try Workshop()
    let file = try shop.video(
      "drop.mp4", rate: "30", frames: 80,
      "-vf select='not(eq(mod(n,13),7))' -fps_mode vfr -c:v libx264")
    let reader = try VideoReader(path: file)
    #expect(reader.outputRate == 30)
    // The 80th frame that is kept was the 87th.
    #expect(try drain(reader).count == 87)
  }

  @Test func jitteringTimesGiveEveryFrameOnce() throws {
    let shop = try Workshop()
    let file = try shop.video(
      "jitter.mp4", rate: "30", frames: 45,
      "-vf settb=1/1000,setpts='N*1000/30+mod(N*7,11)' -fps_mode passthrough "
        + "-enc_time_base 1:1000 -c:v libx264")
    let reader = try VideoReader(path: file)
    let frames = try drain(reader)
    #expect(frames.count == 45)
    #expect(planes(frames, "gbr") == (try shop.rgb(file)))
  }

  @Test func clipsAreChosenAsPeopleChooseThem() throws {
    let shop = try Workshop()
    let file = try shop.video("a.mp4", rate: "30000/1001", frames: 90, "-c:v libx264 -g 30")
    let all = try readAll(file)
    let cut = try readAll(
      file,
      reading {
        $0.start = 2
        $0.frames = 10
      })
    #expect(cut.map(\.bytes) == all[60..<70].map(\.bytes))
    #expect(cut.map(\.index) == Array(0..<10))

    // ceil(29.97 / 12) = 3: every third frame, at exactly a third of the rate.
    let slow = try VideoReader(path: file, options: reading { $0.maxFPS = 12 })
    #expect(slow.outputRate == Rational(10000, over: 1001))
    #expect(slow.expectedFrames == 30)
    #expect(try drain(slow).map(\.bytes) == stride(from: 0, to: 90, by: 3).map { all[$0].bytes })

    let sparse = try VideoReader(path: file, options: reading { $0.every = 40 })
    #expect(try drain(sparse).map(\.bytes) == [0, 40, 80].map { all[$0].bytes })
    #expect(
      failure { _ = try VideoReader(path: file, options: reading { $0.start = 10 }) }
        .contains("is after its end"))
    #expect(
      failure { _ = try VideoReader(path: file, options: reading { $0.every = 0 }) }
        .contains("at least 1"))
  }

  @Test func seekingFindsTheFrameInEveryContainer() throws {
    let shop = try Workshop()
    for name in ["a.mp4", "a.mkv", "a.ts", "a.avi"] {
      let file = try shop.video(name, size: "64x48", frames: 100, "-c:v libx264 -g 20 -bf 2")
      let all = try readAll(file)
      let cut = try readAll(
        file,
        reading {
          $0.start = 3
          $0.frames = 2
        })
      #expect(cut.map(\.bytes) == all[72..<74].map(\.bytes), "\(name)")
    }
  }
}
