import Foundation
import Media
import Testing

@Suite struct ColorTests {
  /// Patches of 16 pixels: greys, primaries, skin and sky.
  private static let chart: RGBFrame = {
    let colors = [
      (0, 0, 0), (64, 64, 64), (128, 128, 128), (200, 200, 200), (255, 255, 255), (255, 0, 0),
      (0, 255, 0), (0, 0, 255), (255, 255, 0), (0, 255, 255), (255, 0, 255), (224, 172, 105),
      (135, 206, 235), (34, 139, 34), (90, 20, 60), (12, 200, 170),
    ]
    return frame(64, 64) { x, y in colors[y / 16 * 4 + x / 16] }
  }()

  /// A lossless file of the chart with this matrix, range and format, made by ffmpeg.
  private func chartFile(
    _ shop: Workshop, matrix: String, range: String, pixels: String
  ) throws -> String {
    try write([Self.chart], to: shop.path("chart.png"), .png)
    let to = "out_color_matrix=\(matrix):out_range=\(range):out_h_chr_pos=0:out_v_chr_pos=128"
    let flags = "flags=accurate_rnd+full_chroma_int+full_chroma_inp+bicubic"
    let tag = ["bt601": "smpte170m", "bt709": "bt709", "bt2020": "bt2020nc"][matrix] ?? matrix
    return try shop.ffmpeg(
      "-i chart.png -vf scale=\(to):\(flags),format=\(pixels) -c:v ffv1 -colorspace \(tag) "
        + "-color_range \(range)", to: "chart_\(matrix)_\(range)_\(pixels).mkv")
  }

  @Test(
    arguments: ["bt601", "bt709", "bt2020"].flatMap { matrix in
      ["tv", "pc"].flatMap { range in
        ["yuv420p", "yuv444p", "yuv420p10le", "yuv444p12le"].map { [matrix, range, $0] }
      }
    })
  func chartIsReadByItsOwnMatrixAndRange(kind: [String]) throws {
    let shop = try Workshop()
    let file = try chartFile(shop, matrix: kind[0], range: kind[1], pixels: kind[2])
    let read = try #require(try readAll(file).first)
    #expect(read.bitDepth == (kind[2].hasSuffix("p") ? 8 : 16))
    let patches = centers(of: read.bytes)
    let gap = difference(patches, centers(of: Self.chart.bytes))
    #expect(gap.mean <= 1 && gap.most <= 3, "\(kind): \(gap)")
  }

  /// These decode to formats whose names do not tell the range.
  @Test(arguments: [
    ("a.webm", "yuv420p -c:v libvpx-vp9 -lossless 1"),
    ("a.mkv", "yuv420p -c:v libaom-av1 -crf 0 -cpu-used 8"),
    ("a.mp4", "yuv420p10le -c:v libx265 -x265-params lossless=1:log-level=none"),
  ])
  func rangeIsTheFramesNotTheFormats(name: String, encoding: String) throws {
    let shop = try Workshop()
    let file = try shop.ffmpeg(
      "-f lavfi -i color=0xf0f0f0:s=64x64,format=gbrp -frames:v 1 -vf "
        + "scale=out_color_matrix=bt709:out_range=pc -color_range pc -colorspace bt709 "
        + "-pix_fmt \(encoding)", to: name)
    #expect(try probe(file).color.isFullRange == true)
    let read = try #require(try readAll(file).first)
    #expect(difference(read.bytes, [UInt8](repeating: 0xf0, count: 3 * 64 * 64)).most <= 1)
  }

  @Test(arguments: ["420 mpeg2 8 limited", "420 mpeg2 8 full", "444 mpeg2 10 limited"])
  func chartSurvivesTheWayOutAndBack(layout: String) throws {
    let shop = try Workshop()
    var options = WriterOptions()
    options.layout = try #require(YUVLayout(layout))
    let path = shop.path("chart.y4m")
    try write([Self.chart], to: path, .y4m, options)
    let back = try #require(try readAll(path).first)
    let gap = difference(centers(of: back.bytes), centers(of: Self.chart.bytes))
    #expect(gap.mean <= 1 && gap.most <= 3, "\(gap)")
  }

  @Test func greyRampIsExact() throws {
    let shop = try Workshop()
    let ramp = frame(256, 16) { x, _ in (x, x, x) }
    var options = WriterOptions()
    options.layout = YUVLayout(.s420, fullRange: true)
    try write([ramp], to: shop.path("ramp.y4m"), .y4m, options)
    #expect(try readAll(shop.path("ramp.y4m")).first?.bytes == ramp.bytes)
  }

  @Test func tenBitsAreKept() throws {
    let shop = try Workshop()
    let values = (0..<1024).map { UInt16($0 * 65535 / 1023) }
    let ramp = RGBFrame(
      width: 1024, height: 2, samples: .sixteen(Array(repeating: values, count: 6).flatMap { $0 }))
    var options = WriterOptions()
    options.layout = YUVLayout(.s444, bitDepth: 10, fullRange: true)
    try write([ramp], to: shop.path("ramp.y4m"), .y4m, options)
    let back = try #require(try readAll(shop.path("ramp.y4m")).first)
    guard case .sixteen(let read) = back.samples else {
      Issue.record("10 bits were cut to 8")
      return
    }
    // swscale's full-range path merges a few neighbours; 8 bits would leave 256 values.
    #expect(Set(read.prefix(1024)).count > 1000)
    let worst = zip(read, values).map { abs(Int($0) - Int($1)) }.max() ?? .max
    #expect(worst <= 64, "one step of 10 bits is 64; found \(worst)")
  }

  @Test func unspecifiedMatrixGoesByTheNumberOfLines() throws {
    let shop = try Workshop()
    for (lines, matrix) in [(480, "bt601"), (720, "bt709")] {
      let flags = "flags=accurate_rnd+full_chroma_int+full_chroma_inp"
      let file = try shop.ffmpeg(
        "-f lavfi -i color=0x00c020:s=64x\(lines),format=gbrp -frames:v 1 "
          + "-vf scale=out_color_matrix=\(matrix):\(flags),format=yuv444p "
          + "-c:v ffv1", to: "lines\(lines).mkv")
      let middle = try #require(try readAll(file).first).bytes
      let area = 64 * lines
      let color = [middle[32], middle[area + 32], middle[2 * area + 32]]
      #expect(difference(color, [0, 0xc0, 0x20]).most <= 2, "\(lines): \(color)")
    }
  }

  @Test(arguments: ["smpte2084", "arib-std-b67"])
  func hdrIsRefusedUnlessAllowed(transfer: String) throws {
    let shop = try Workshop()
    let file = try shop.video(
      "hdr.mkv", frames: 2,
      "-pix_fmt yuv420p10le -c:v ffv1 -color_trc \(transfer) -colorspace bt2020nc")
    #expect(failure { _ = try VideoReader(path: file) }.contains("is HDR (\(transfer))"))
    let reader = try VideoReader(path: file, options: reading { $0.allowHDR = true })
    #expect(try drain(reader).count == 2)
    #expect(reader.warnings.contains { $0.contains("as if it were SDR") })
  }

  @Test func unknownMatricesAreRefusedByName() throws {
    let shop = try Workshop()
    let file = try shop.video(
      "ycgco.mkv", frames: 1, "-pix_fmt yuv444p -c:v ffv1 -colorspace ycgco")
    #expect(failure { _ = try readAll(file) }.contains("colour matrix ycgco cannot be converted"))
  }

  /// The inner half of every patch, away from the smear of subsampled chroma.
  private func centers(of bytes: [UInt8]) -> [UInt8] {
    bytes.enumerated().filter { i, _ in
      let (x, y) = (i % 64 % 16, i / 64 % 64 % 16)
      return (4..<12).contains(x) && (4..<12).contains(y)
    }.map(\.element)
  }
}
