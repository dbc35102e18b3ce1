import Foundation
import Testing

/// A clip as phones make them: stored sideways, of variable rate, BT.709 in full range, with sound
/// that begins later.
@Suite(.enabled(if: Program.isBuilt, "the program is not built")) struct PhoneClipTests {
  let folder: WorkFolder

  init() throws { folder = try WorkFolder() }

  private func ffmpeg(_ arguments: String, to name: String) throws {
    let made = try Program.tool(
      "ffmpeg",
      ["-v", "error", "-y"] + arguments.split(separator: " ").map(String.init) + [folder(name)])
    try #require(made.status == 0, "\(made.errors)")
  }

  /// Upright it is 96x64: red at the left top, blue at the right bottom, green elsewhere.
  private func makeClip() throws {
    let upright =
      "color=0x10a030:s=96x64:r=30,format=gbrp,drawbox=0:0:48:32:red:fill,"
      + "drawbox=48:32:48:32:0x2040c0:fill"
    let stored =
      "transpose=2,scale=out_color_matrix=bt709:out_range=full,format=yuvj420p,"
      + "select=not(eq(mod(n\\,7)\\,3)),setpts=PTS+0.001*mod(N\\,3)/TB"
    try ffmpeg(
      "-f lavfi -i \(upright) -t 2 -vf \(stored) -fps_mode passthrough -c:v libx264 -crf 10 "
        + "-enc_time_base 1/90000 -video_track_timescale 90000 -color_range pc -colorspace bt709 "
        + "-color_primaries bt709 -color_trc bt709", to: "stored.mp4")
    try ffmpeg("-f lavfi -i sine=r=48000 -t 2 -c:a aac", to: "sound.m4a")
    try ffmpeg(
      "-i \(folder("stored.mp4")) -itsoffset 0.25 -i \(folder("sound.m4a")) -map 0:v -map 1:a "
        + "-c copy -metadata:s:v:0 rotate=270", to: "phone.mp4")
  }

  /// The mean colour of the part of the first frame's 8x8 pixels at a place.
  private func color(_ file: String, x: Int, y: Int) throws -> [Int] {
    try ffmpeg(
      "-i \(folder(file)) -frames:v 1 -vf scale=flags=accurate_rnd+full_chroma_int,format=rgb24,"
        + "crop=8:8:\(x):\(y),scale=1:1:flags=area -f rawvideo", to: "color.rgb")
    return try Data(contentsOf: URL(filePath: folder("color.rgb"))).map(Int.init)
  }

  private func seconds(_ file: String, _ stream: String, _ entry: String) throws -> Double {
    // A rotated stream has a word more to say, behind a comma.
    let said = try Program.probe(folder(file), stream, entry).prefix { $0 != "," && $0 != "\n" }
    return try #require(Double(said), "\(file) \(entry): \(said)")
  }

  @Test func comesBackUprightInColourAndInSync() throws {
    try makeClip()
    let result = try Program.run(["roundtrip", "phone.mp4", "-o", "rt"], in: folder.path)
    #expect(result.status == 0, "\(result.errors)")
    #expect(result.errors.contains("variable frame rate"))
    let late = try seconds("phone.mp4", "a:0", "start_time")
    let start = try seconds("phone.mp4", "v:0", "start_time")
    for name in ["rt/orig/phone_orig.mp4", "rt/recn/phone_recn.mp4"] {
      #expect(try Program.probe(folder(name), "v:0", "width,height") == "96,64")
      let length = try seconds(name, "v:0", "duration")
      #expect(abs(length - (try seconds("phone.mp4", "v:0", "duration"))) < 0.034, "\(name)")
      #expect(try seconds(name, "v:0", "start_time") == 0)
      #expect(abs(try seconds(name, "a:0", "start_time") - (late - start)) < 0.002, "\(name)")
    }
    let patches = [
      (16, 12, [255, 0, 0]), (72, 44, [0x20, 0x40, 0xc0]), (72, 12, [0x10, 0xa0, 0x30]),
      (16, 44, [0x10, 0xa0, 0x30]),
    ]
    for (x, y, expected) in patches {
      let found = try color("rt/orig/phone_orig.mp4", x: x, y: y)
      let gaps = zip(found, expected).map { abs($0 - $1) }
      #expect(gaps.count == 3 && gaps.allSatisfy { $0 <= 6 }, "\(x), \(y): \(found)")
    }
  }
}
