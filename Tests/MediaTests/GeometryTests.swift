import Foundation
import Media
import Testing

@Suite struct GeometryTests {
  @Test(arguments: ["90", "180", "270"])
  func rotationIsAppliedAsFFmpegDoes(angle: String) throws {
    let shop = try Workshop()
    // 4:4:4: ffmpeg turns before converting, and turned chroma would be sited differently.
    try shop.video("flat.mp4", frames: 2, "-pix_fmt yuv444p -c:v libx264")
    let file = try shop.ffmpeg(
      "-i flat.mp4 -c copy -metadata:s:v:0 rotate=\(angle)", to: "turned\(angle).mp4")
    let reader = try VideoReader(path: file)
    let frames = try drain(reader)
    let upright = angle == "180" ? (96, 64) : (64, 96)
    #expect((reader.width, reader.height) == upright)
    #expect((reader.info.width, reader.info.height) == upright)
    #expect(try probe(file).width == upright.0)
    #expect(planes(frames, "gbr") == (try shop.rgb(file, isSubsampled: false)))
  }

  @Test func rotationComesBeforeTheCrop() throws {
    let shop = try Workshop()
    try shop.video("flat.mp4", frames: 1)
    let file = try shop.ffmpeg("-i flat.mp4 -c copy -metadata:s:v:0 rotate=90", to: "turned.mp4")
    let whole = try #require(try readAll(file).first)
    let size = reading { $0.size = FrameSize(width: 64, height: 64) }
    let cropped = try #require(try readAll(file, size).first)
    #expect((cropped.width, cropped.height) == (64, 64))
    // 64x96 covers 64x64 unscaled: rows 16 to 79 of each plane.
    let expected = [0, 1, 2].flatMap { (plane: Int) -> ArraySlice<UInt8> in
      let top: Int = plane * 96 + 16
      return whole.bytes[top * 64..<(top + 64) * 64]
    }
    #expect(cropped.bytes == expected)
  }

  @Test func sizeCoversAndCropsTheCentre() throws {
    let shop = try Workshop()
    let file = try shop.video("wide.mkv", size: "128x64", frames: 1, "-c:v ffv1 -pix_fmt yuv444p")
    let size = reading { $0.size = FrameSize(width: 32, height: 32) }
    let frame = try #require(try readAll(file, size).first)
    let expected = try shop.rgb(
      file, isSubsampled: false,
      filter: "scale=64:32:flags=bicubic+accurate_rnd+full_chroma_int+full_chroma_inp,"
        + "crop=32:32:16:0,")
    #expect(difference(planes([frame], "gbr"), expected).most <= 2)
  }

  @Test func oddSizesAreReadWhole() throws {
    let shop = try Workshop()
    let file = try shop.video(
      "odd.mkv", frames: 2, "-vf scale=33:17,setsar=1,format=yuv420p -c:v libvpx-vp9")
    let frames = try readAll(file)
    #expect((frames[0].width, frames[0].height) == (33, 17))
    #expect(planes(frames, "gbr") == (try shop.rgb(file)))
  }

  @Test func pixelsAreMadeSquare() throws {
    let shop = try Workshop()
    let file = try shop.video("wide.mp4", size: "96x64", frames: 1, "-vf setsar=4/3 -c:v libx264")
    let reader = try VideoReader(path: file)
    #expect((reader.width, reader.height) == (128, 64))
    #expect(try reader.next()?.width == 128)
    #expect(reader.warnings.contains { $0.contains("pixels are 4/3 wide") })
  }

  @Test func interlacingIsSaid() throws {
    let shop = try Workshop()
    let file = try shop.video(
      "fields.mp4", frames: 4, "-vf interlace -c:v libx264 -flags +ildct+ilme")
    let reader = try VideoReader(path: file)
    _ = try drain(reader)
    #expect(reader.info.isInterlaced)
    #expect(reader.warnings.contains { $0.contains("interlaced") })
  }

  @Test func transparencyIsLaidOverBlack() throws {
    let shop = try Workshop()
    let half = "-f lavfi -i color=white:s=16x16,format=rgba,colorchannelmixer=aa=0.5 -frames:v 1"
    for (name, arguments) in [
      ("half.png", ""), ("half.mov", "-c:v qtrle"), ("half.webm", "-c:v libvpx-vp9 -lossless 1"),
    ] {
      let file = try shop.ffmpeg("\(half) \(arguments)", to: name)
      let reader = try VideoReader(path: file)
      let value = Int(try #require(try reader.next()).bytes[40])
      #expect(reader.info.hasAlpha, "\(name)")
      #expect(abs(value - 128) <= 2, "\(name): \(value)")
      #expect(reader.warnings.contains { $0.contains("over black") }, "\(name)")
    }
    let opaque = try shop.ffmpeg(
      "-f lavfi -i color=white:s=16x16,format=rgba -frames:v 1", to: "opaque.png")
    let reader = try VideoReader(path: opaque)
    #expect(try reader.next()?.bytes == [UInt8](repeating: 255, count: 768))
    #expect(reader.warnings.isEmpty)
  }

  @Test func changingSizeIsAFault() throws {
    let shop = try Workshop()
    try shop.video("a.h264", size: "96x64", frames: 4)
    try shop.video("b.h264", size: "64x48", frames: 4)
    let joined = shop.path("joined.h264")
    let data = try ["a.h264", "b.h264"].map {
      try Data(contentsOf: URL(fileURLWithPath: shop.path($0)))
    }
    try (data[0] + data[1]).write(to: URL(fileURLWithPath: joined))
    #expect(failure { _ = try readAll(joined) }.contains("is 64x48 in a video of 96x64"))
    let reader = try VideoReader(path: joined, options: reading { $0.allowPartial = true })
    #expect(try drain(reader).count == 4)
    #expect(reader.lostFrames == 4)
  }
}

/// The planes of all frames in the order named by letters, one after the other.
func planes(_ frames: [RGBFrame], _ order: String) -> [UInt8] {
  frames.flatMap { frame in
    let (bytes, area) = (frame.bytes, frame.width * frame.height)
    return order.flatMap { letter in
      let plane = ["r": 0, "g": 1, "b": 2][letter] ?? 0
      return bytes[plane * area..<(plane + 1) * area]
    }
  }
}
