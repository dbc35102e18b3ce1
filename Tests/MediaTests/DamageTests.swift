import Foundation
import Media
import Testing

@Suite struct DamageTests {
  private struct Fault {
    var name: String
    var source: String
    var change: @Sendable (inout Data) -> Void
    /// What the error says, and how many frames are good at least.
    var says: String
    var good: Int
  }

  private static let faults = [
    Fault(
      name: "tail.mp4", source: "fast.mp4", change: { $0.removeLast($0.count * 4 / 10) },
      says: "frame ", good: 10),
    Fault(
      name: "tail.mkv", source: "a.mkv", change: { $0.removeLast($0.count * 4 / 10) },
      says: "is cut short", good: 10),
    Fault(
      name: "tail.webm", source: "a.webm", change: { $0.removeLast($0.count * 4 / 10) },
      says: "is cut short", good: 5),
    Fault(
      name: "tail.ts", source: "a.ts", change: { $0.removeLast($0.count * 4 / 10 + 7) },
      says: "missing", good: 10),
    Fault(
      name: "tail.gif", source: "a.gif", change: { $0.removeLast($0.count * 4 / 10) },
      says: "is cut short", good: 5),
    Fault(
      name: "head.ts", source: "a.ts", change: { $0.removeFirst($0.count * 4 / 10) },
      says: "frame 0 ", good: 10),
    Fault(name: "zero.mp4", source: "a.mp4", change: zero, says: "frame ", good: 10),
    Fault(name: "zero.mkv", source: "a.mkv", change: zero, says: "frame ", good: 10),
    Fault(name: "zero.ts", source: "a.ts", change: zero, says: "frame ", good: 5),
    Fault(name: "flip.mp4", source: "a.mp4", change: flip, says: "frame ", good: 5),
    Fault(name: "flip.mkv", source: "a.mkv", change: flip, says: "frame ", good: 5),
  ]

  @Sendable private static func zero(_ data: inout Data) {
    let middle = data.count / 2
    data.replaceSubrange(middle..<(middle + 600), with: Data(count: 600))
  }

  @Sendable private static func flip(_ data: inout Data) {
    for i in stride(from: data.count * 4 / 10, to: data.count * 6 / 10, by: 97) { data[i] ^= 0x24 }
  }

  @Test func damageStopsOrIsCounted() throws {
    let shop = try Workshop()
    let encoder = "-c:v libx264 -g 12 -bf 2"
    try shop.video("a.mp4", size: "160x120", frames: 48, encoder)
    try shop.ffmpeg("-i a.mp4 -c copy -movflags +faststart", to: "fast.mp4")
    for name in ["a.mkv", "a.ts"] { try shop.ffmpeg("-i a.mp4 -c copy", to: name) }
    try shop.video("a.webm", size: "160x120", frames: 48, "-c:v libvpx-vp9 -g 12")
    try shop.video("a.gif", rate: "25", frames: 25, "")
    for fault in Self.faults {
      var data = try Data(contentsOf: URL(fileURLWithPath: shop.path(fault.source)))
      fault.change(&data)
      let file = shop.path(fault.name)
      try data.write(to: URL(fileURLWithPath: file))
      let said = failure { _ = try readAll(file) }
      #expect(said.hasPrefix(file) && said.contains(fault.says), "\(said)")
      #expect(!said.contains("\n"))

      let reader = try VideoReader(path: file, options: reading { $0.allowPartial = true })
      let frames = try drain(reader)
      #expect(frames.count >= fault.good, "\(fault.name): \(frames.count)")
      #expect(reader.lostFrames > 0, "\(fault.name)")
      let remark = "\(reader.lostFrames) damaged or missing"
      #expect(reader.warnings.contains { $0.contains(remark) })
    }
  }

  @Test func goodFramesOfADamagedFileAreTheOriginals() throws {
    let shop = try Workshop()
    let source = try shop.video("a.mp4", size: "160x120", frames: 48, "-c:v libx264 -g 12 -bf 0")
    let originals = try readAll(source)
    var data = try Data(contentsOf: URL(fileURLWithPath: source))
    Self.zero(&data)
    let file = shop.path("zero.mp4")
    try data.write(to: URL(fileURLWithPath: file))
    let reader = try VideoReader(path: file, options: reading { $0.allowPartial = true })
    let frames = try drain(reader)
    #expect(frames.count == 48)
    let different = zip(frames, originals).count { $0.bytes != $1.bytes }
    #expect(different <= reader.lostFrames, "a frame that differs was not counted as lost")
  }

  @Test func whatIsNoVideoIsRefusedInOneLine() throws {
    let shop = try Workshop()
    func make(_ name: String, _ text: String) throws -> String {
      try Data(text.utf8).write(to: URL(fileURLWithPath: shop.path(name)))
      return shop.path(name)
    }
    let whole = try shop.video("a.mp4", frames: 4)
    let cut = try Data(contentsOf: URL(fileURLWithPath: whole)).prefix(1200)
    try cut.write(to: URL(fileURLWithPath: shop.path("nomoov.mp4")))
    try shop.ffmpeg("-f lavfi -i sine -t 0.2 -c:a aac", to: "sound.m4a")
    try shop.ffmpeg("-f lavfi -i color=red:s=32x32 -frames:v 1", to: "cover.png")
    try shop.ffmpeg(
      "-i sound.m4a -i cover.png -map 0 -map 1 -c copy -disposition:v:0 attached_pic",
      to: "cover.m4a")
    for (file, says) in [
      (shop.path("absent.mp4"), "No such file or directory"), (shop.folder.path, "is a folder"),
      (try make("empty.mp4", ""), "is empty"), (try make("text.mp4", "hello\n"), "not a video"),
      (try make("a.srt", "1\n00:00:01,000 --> 00:00:02,000\nhello\n"), "not a video"),
      (try make("a.m3u8", "#EXTM3U\n#EXTINF:1,\na.mp4\n#EXT-X-ENDLIST\n"), "not a video"),
      (try make("a.ffconcat", "ffconcat version 1.0\nfile a.mp4\n"), "not a video"),
      (shop.path("nomoov.mp4"), "moov"), (shop.path("sound.m4a"), "sound but no video"),
      (shop.path("cover.m4a"), "cover art but no video"), ("/dev/null", "not a regular file"),
    ] {
      let said = failure { _ = try VideoReader(path: file) }
      #expect(said.hasPrefix(file + ": ") && said.contains(says), "\(said)")
      #expect(failure { _ = try probe(file) } == said)
      #expect(!said.contains("\n"))
    }
  }

  @Test func coverArtDoesNotHideTheVideo() throws {
    let shop = try Workshop()
    try shop.video("a.mp4", frames: 4)
    try shop.ffmpeg("-f lavfi -i color=red:s=320x320 -frames:v 1", to: "cover.png")
    let file = try shop.ffmpeg(
      "-i cover.png -i a.mp4 -map 0 -map 1 -c copy -disposition:v:0 attached_pic", to: "both.mp4")
    #expect(try readAll(file).count == 4)
  }

  @Test func enormousClaimsAreRefusedWithoutTakingMemory() throws {
    let shop = try Workshop()
    let png = try shop.ffmpeg("-f lavfi -i color=red:s=16x16 -frames:v 1", to: "a.png")
    var claims = try Data(contentsOf: URL(fileURLWithPath: png))
    claims.replaceSubrange(16..<24, with: [0, 0, 255, 255, 0, 0, 255, 255])
    try claims.write(to: URL(fileURLWithPath: png))
    let avi = try shop.ffmpeg(
      "-f lavfi -i color=red:s=16x16 -frames:v 2 -c:v rawvideo", to: "a.avi")
    var header = try Data(contentsOf: URL(fileURLWithPath: avi))
    // The size in the stream format header, after "strf", its length and the structure's own.
    let strf = try #require(header.range(of: Data("strf".utf8))).upperBound + 8
    header.replaceSubrange(strf..<(strf + 8), with: [255, 255, 0, 0, 255, 255, 0, 0])
    try header.write(to: URL(fileURLWithPath: avi))
    let y4m = shop.path("a.y4m")
    try Data("YUV4MPEG2 W65535 H65535 F25:1\nFRAME\n".utf8).write(to: URL(fileURLWithPath: y4m))
    for file in [png, avi, y4m] {
      #expect(failure { _ = try readAll(file) }.contains("pixels"), "\(file)")
    }
  }

  @Test func damagedImagesAreRefused() throws {
    let shop = try Workshop()
    for name in ["a.png", "a.jpg"] {
      let file = try shop.ffmpeg("-f lavfi -i testsrc2=s=160x120 -frames:v 1", to: name)
      var data = try Data(contentsOf: URL(fileURLWithPath: file))
      data.removeLast(data.count / 2)
      try data.write(to: URL(fileURLWithPath: file))
      #expect(failure { _ = try readAll(file) }.hasPrefix(file), "\(name)")
    }
  }

  @Test func timesThatGoBackwardsAreAFault() throws {
    let shop = try Workshop()
    let file = try shop.video(
      "back.mkv", frames: 12,
      "-c:v ffv1 -bsf:v setts=ts='if(eq(N,6),PREV_OUTPTS-30,PTS)'")
    let said = failure { _ = try readAll(file) }
    #expect(said.contains("frame ") && said.contains("not after the one before"), "\(said)")
    let reader = try VideoReader(path: file, options: reading { $0.allowPartial = true })
    #expect(try drain(reader).count >= 6)
    #expect(reader.lostFrames > 0)
  }

  @Test func streamsWithoutTimesAreReadAtTheirRate() throws {
    let shop = try Workshop()
    let file = try shop.video("raw.h264", rate: "25", frames: 20)
    let reader = try VideoReader(path: file)
    #expect(reader.outputRate == 25)
    #expect(try drain(reader).count == 20)
  }

  @Test func mutatedFilesNeverTrap() throws {
    let shop = try Workshop()
    var random = SeededRandom(state: 1)
    for name in ["a.mp4", "a.mkv", "a.gif", "a.png", "a.ts"] {
      let isImage = name == "a.png"
      let source = try shop.video(
        name, size: "32x32", frames: isImage ? 1 : 6, isImage ? "" : "-g 3")
      let valid = try Data(contentsOf: URL(fileURLWithPath: source))
      let file = shop.path("mutated")
      for _ in 0..<15 {
        var data = valid
        for _ in 0..<Int.random(in: 1...20, using: &random) {
          let at = Int.random(in: 0..<data.count, using: &random)
          data[at] = UInt8.random(in: 0...255, using: &random)
        }
        try data.write(to: URL(fileURLWithPath: file))
        _ = try? readAll(file, reading { $0.allowPartial = Bool.random(using: &random) })
      }
    }
  }
}
