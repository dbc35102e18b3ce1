import Foundation
import Media
import Testing

@Suite struct WriterTests {
  private func moving(_ count: Int, _ width: Int = 64, _ height: Int = 48) -> [RGBFrame] {
    (0..<count).map { t in
      frame(width, height, index: t) { x, y in (x * 3 + t * 5, y * 4, (x + y + t) % 256) }
    }
  }

  @Test(arguments: [(480, "smpte170m"), (720, "bt709")])
  func tagsSayWhatWasUsed(lines: Int, matrix: String) throws {
    let shop = try Workshop()
    let path = shop.path("a.mp4")
    let color = frame(64, lines) { _, _ in (20, 180, 90) }
    try write([color, color], to: path, .mp4)
    let said = try shop.ffprobe(path, "v", "pix_fmt,color_space,color_range,codec_name")
    #expect(
      said == [
        "pix_fmt": "yuv420p", "color_space": matrix, "color_range": "tv", "codec_name": "h264",
      ])
    #expect(difference(try readAll(path)[1].bytes, color.bytes).most <= 3)
  }

  @Test func losslessMP4ComesBackWithinTheConversion() throws {
    let shop = try Workshop()
    var options = WriterOptions()
    options.crf = 0
    let smooth = frame(64, 48) { x, y in (x * 4, y * 5, 128) }
    try write([smooth, smooth], to: shop.path("a.mp4"), .mp4, options)
    #expect(difference(try readAll(shop.path("a.mp4"))[0].bytes, smooth.bytes).mean <= 1)
  }

  @Test func oddSizesArePaddedByRepetition() throws {
    let shop = try Workshop()
    let path = shop.path("odd.mp4")
    try write([frame(33, 17) { _, _ in (200, 200, 200) }], to: path, .mp4)
    let said = try shop.ffprobe(path, "v", "width,height")
    #expect(said == ["width": "34", "height": "18"])
    let back = try #require(try readAll(path).first)
    #expect(back.bytes.allSatisfy { abs(Int($0) - 200) <= 2 })
  }

  @Test func theIndexComesFirst() throws {
    let shop = try Workshop()
    try write(moving(5), to: shop.path("a.mp4"), .mp4)
    let data = try Data(contentsOf: URL(fileURLWithPath: shop.path("a.mp4")))
    let moov = try #require(data.range(of: Data("moov".utf8)))
    let mdat = try #require(data.range(of: Data("mdat".utf8)))
    #expect(moov.lowerBound < mdat.lowerBound)
  }

  @Test func sameFramesGiveSameBytes() throws {
    let shop = try Workshop()
    for name in ["a.mp4", "b.mp4"] { try write(moving(30), to: shop.path(name), .mp4) }
    let (a, b) = (
      URL(fileURLWithPath: shop.path("a.mp4")), URL(fileURLWithPath: shop.path("b.mp4"))
    )
    #expect(try Data(contentsOf: a) == Data(contentsOf: b))
  }

  @Test func pngIsExactAndRoundsSixteenBits() throws {
    let shop = try Workshop()
    let picture = moving(1, 31, 15)[0]
    try write([picture], to: shop.path("a.png"), .png)
    #expect(try readAll(shop.path("a.png")).first?.bytes == picture.bytes)
    let deep = RGBFrame(width: 2, height: 1, samples: .sixteen([0, 128, 129, 65535, 32767, 32896]))
    try write([deep], to: shop.path("b.png"), .png)
    #expect(try readAll(shop.path("b.png")).first?.bytes == [0, 0, 1, 255, 127, 128])
    #expect(failure { try write(moving(2), to: shop.path("c.png"), .png) }.contains("one frame"))
  }

  @Test func fullDisksAreNoticed() throws {
    guard FileManager.default.fileExists(atPath: "/dev/full") else { return }
    let shop = try Workshop()
    for (name, format) in [("a.mp4", VideoFormat.mp4), ("a.png", .png), ("a.y4m", .y4m)] {
      let path = shop.path(name)
      try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: "/dev/full")
      let said = failure { try write(moving(1, 256, 256), to: path, format) }
      #expect(said == "\(path): cannot write: No space left on device")
    }
  }

  @Test func foldersThatAreNotThereAreNamed() throws {
    for format in VideoFormat.allCases {
      let path = "/nonexistent/folder/a.\(format.rawValue)"
      let said = failure { try write(moving(1), to: path, format) }
      #expect(said == "\(path): cannot write: No such file or directory")
    }
  }

  @Test func framesOfAnotherSizeAreRefused() throws {
    let shop = try Workshop()
    let writer = try VideoWriter(
      path: shop.path("a.mp4"), format: .mp4, width: 64, height: 48, frameRate: 24)
    #expect(failure { try writer.write(moving(1, 32, 48)[0]) }.contains("32x48 in a file of 64x48"))
  }

  @Test func tensorsBecomeBytesAsTheReferenceMakesThem() {
    let values: [UInt8] = [0, 1, 127, 128, 254, 255]
    let picture = RGBFrame(width: 2, height: 1, samples: .eight(values))
    #expect(RGBFrame(picture.tensor()).bytes == values)
    #expect(picture.tensor().shape == [3, 1, 1, 2])
    #expect(picture.tensor().values[0] == -1 && picture.tensor().values[5] == 1)
  }
}
