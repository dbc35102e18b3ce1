import Foundation
import Media
import Testing

@Suite struct Y4MTests {
  /// Reads a stream from memory, in pieces of a few bytes.
  private func parse(_ bytes: [UInt8], piece: Int = 7) throws -> (Y4MHeader, [[UInt8]]) {
    var rest = bytes[...]
    let reader = try Y4MReader(name: "stream", maxPixels: 1 << 20) { target in
      let part = rest.prefix(min(piece, target.count))
      target.copyBytes(from: part)
      rest = rest.dropFirst(part.count)
      return part.count
    }
    var pictures: [[UInt8]] = []
    while let picture = try reader.next() { pictures.append(picture) }
    return (reader.header, pictures)
  }

  private func stream(_ header: String, frames: [Int]) -> [UInt8] {
    Array((header + "\n").utf8)
      + frames.flatMap { Array("FRAME\n".utf8) + [UInt8](repeating: 9, count: $0) }
  }

  @Test func readsEveryFieldOfTheHeader() throws {
    let line = "YUV4MPEG2 W5 H3 F30000:1001 It A4:3 C420mpeg2 XYSCSS=420MPEG2 XCOLORRANGE=FULL"
    let (header, pictures) = try parse(stream(line, frames: [27, 27]))
    #expect(header.width == 5 && header.height == 3)
    #expect(header.frameRate == Rational(30000, over: 1001))
    #expect(header.isInterlaced)
    #expect(header.sampleAspect == Rational(4, over: 3))
    #expect(header.layout == YUVLayout(.s420, siting: .left, fullRange: true))
    #expect(pictures == [[UInt8](repeating: 9, count: 27), [UInt8](repeating: 9, count: 27)])
  }

  @Test(arguments: [
    ("", 12, "420 jpeg 8 limited"), ("C420jpeg", 12, "420 jpeg 8 limited"),
    ("C420paldv", 12, "420 paldv 8 limited"), ("C422", 16, "422 mpeg2 8 limited"),
    ("C444", 24, "444 mpeg2 8 limited"), ("C420p10", 24, "420 mpeg2 10 limited"),
    ("C422p10", 32, "422 mpeg2 10 limited"), ("C444p10", 48, "444 mpeg2 10 limited"),
  ])
  func readsEveryLayout(tag: String, size: Int, layout: String) throws {
    let (header, pictures) = try parse(
      stream("YUV4MPEG2 W4 H2 F25:1 \(tag)".trimmed, frames: [size]))
    #expect(header.layout.description == layout)
    #expect(YUVLayout(layout) == header.layout)
    #expect(pictures.map(\.count) == [size])
  }

  @Test(arguments: [
    "", "YUV4MPEG", "YUV4MPEG2", "YUV4MPEG2 W4 H2", "YUV4MPEG2 W4 F25:1", "YUV4MPEG2 W0 H2 F25:1",
    "YUV4MPEG2 W-4 H2 F25:1", "YUV4MPEG2 W65536 H2 F25:1", "YUV4MPEG2 W4 W4 H2 F25:1",
    "YUV4MPEG2 W4 H2 F25", "YUV4MPEG2 W4 H2 F0:0", "YUV4MPEG2 W4 H2 F25:0",
    "YUV4MPEG2 W4 H2 F25:1 Ix", "YUV4MPEG2 W4 H2 F25:1 A1:0", "YUV4MPEG2 W4 H2 F25:1 C420p16",
    "YUV4MPEG2 W4 H2 F25:1 Q1", "YUV4MPEG2 W4  H2 F25:1", "YUV4MPEG2 W4 H2 F25:1 XCOLORRANGE=?",
    "YUV4MPEG2 W60000 H60000 F25:1", "YUV4MPEG2 W٤ H2 F25:1",
  ])
  func refusesMalformedHeaders(line: String) {
    let text = failure { _ = try parse(stream(line, frames: [12])) }
    #expect(text.hasPrefix("stream: "), "\(text)")
  }

  @Test func refusesMalformedFrames() {
    let header = "YUV4MPEG2 W4 H2 F25:1"
    #expect(
      failure { _ = try parse(stream(header, frames: [12, 11])) }
        == "stream: frame 1 is cut short: 11 of 12 bytes")
    #expect(
      failure { _ = try parse(Array((header + "\nFRAMES\n").utf8)) }
        == "stream: frame 0 does not begin with FRAME")
    #expect(
      failure { _ = try parse(Array((header + "\nFRA").utf8)) }
        == "stream: ends in the middle of a line")
    let endless = Array((header + " X" + String(repeating: "y", count: 5000) + "\n").utf8)
    #expect(failure { _ = try parse(endless) }.contains("is not YUV4MPEG2"))
  }

  @Test func mutatedStreamsNeverTrap() {
    let valid = stream(
      "YUV4MPEG2 W4 H2 F30000:1001 Ip A1:1 C420jpeg XCOLORRANGE=LIMITED", frames: [12])
    var random = SeededRandom(state: 1)
    for _ in 0..<2000 {
      var bytes = valid
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(
          in: 0...255, using: &random)
      }
      bytes.removeLast(Int.random(in: 0...4, using: &random))
      _ = try? parse(bytes)
    }
  }

  @Test func ffmpegReadsWhatIsWrittenAndTheReverse() throws {
    let shop = try Workshop()
    for (pixels, layout) in [
      ("yuv420p", "420 jpeg 8 limited"), ("yuv422p", "422 mpeg2 8 limited"),
      ("yuv444p10le", "444 mpeg2 10 limited"),
    ] {
      let source = try shop.video(
        "a.y4m", rate: "30000/1001", frames: 3,
        "-vf scale=33:17,setsar=1,format=\(pixels) -strict -1")
      let reader = try VideoReader(path: source)
      #expect(reader.info.layout?.description == layout)
      #expect(reader.outputRate == Rational(30000, over: 1001))
      let frames = try drain(reader)
      var options = WriterOptions()
      options.layout = try #require(reader.info.layout)
      let copy = shop.path("b.y4m")
      try write(frames, to: copy, .y4m, rate: reader.outputRate, options)
      let said = try shop.ffprobe(copy, "v", "width,height,r_frame_rate,nb_read_packets,pix_fmt")
      #expect(said["width"] == "33" && said["height"] == "17")
      #expect(said["r_frame_rate"] == "30000/1001" && said["nb_read_packets"] == "3")
      #expect(said["pix_fmt"] == pixels)
      guard layout.hasPrefix("444") else { continue }
      #expect(difference(try readAll(copy)[2].bytes, frames[2].bytes).mean <= 1)
    }
  }

  @Test func partialStreamsKeepTheirGoodFrames() throws {
    let shop = try Workshop()
    let path = shop.path("cut.y4m")
    try Data(stream("YUV4MPEG2 W4 H2 F25:1", frames: [12, 12, 5])).write(
      to: URL(fileURLWithPath: path))
    #expect(failure { _ = try readAll(path) }.contains("frame 2 is cut short"))
    let reader = try VideoReader(path: path, options: reading { $0.allowPartial = true })
    #expect(try drain(reader).count == 2)
    #expect(reader.lostFrames == 1)
  }
}

extension String {
  fileprivate var trimmed: String { trimmingCharacters(in: .whitespaces) }
}
