import Foundation
import Tensor
import Testing

@testable import Quality

@Suite struct ReportTests {
  private static let nasty = "a & \"b\" <script>alert('x')</script>,\n100%.mp4"

  /// A report of two models on one clip with an unpleasant name.
  private func report(
    frames: Int = 3, suffix: String = "", withPictures: Bool = false
  ) throws -> Report {
    let models = [
      Report.Model(name: "tiny", facts: [Report.Fact("precision", "f32")]),
      Report.Model(name: "<i>other</i>"),
    ]
    let clip = Report.Clip(
      name: Self.nasty, frames: frames, width: 12, height: 14, frameRate: "24000/1001",
      framesPerSecond: 24000 / 1001, video: "orig/\(Self.nasty)\(suffix)")
    let runs = try models.map { model in
      let metrics = ClipMetrics()
      for t in 0..<frames {
        let pair = pictures(width: clip.width, height: clip.height, t: t % 7)
        try metrics.push(source: pair.source, reconstruction: pair.reconstruction)
      }
      let figures = try #require(metrics.figures)
      var run = Report.Run(model: model, clip: clip, figures: figures, latentBytes: 1000)
      run.afterH264 = figures
      run.vmaf = VMAFFigures(mean: 90, minimum: 80, perFrame: [80, 100])
      var latents = LatentStatistics()
      latents.add(Tensor([2, 1, 1, 2], [0.1, 0.25, -1, 1e-9]))
      run.latents = latents.figures
      run.video = "recn/a.mp4"
      if withPictures { run.pictures = try metrics.pictures() }
      return run
    }
    return Report(
      program: "vaecodec 1", models: models, clips: [clip], runs: runs,
      failures: ["<b>bad</b>"], notes: ["VMAF & co"])
  }

  @Test func jsonKeepsEveryFigure() throws {
    let report = try report()
    let copy = try Report(json: report.json())
    #expect(copy.models == report.models)
    #expect(copy.clips == report.clips)
    #expect(copy.totals == report.totals)
    #expect(copy.failures == report.failures)
    let pixels: Double = 3 * 12 * 14
    for (a, b) in zip(copy.runs, report.runs) {
      #expect(a.figures == b.figures)
      #expect(a.afterH264 == b.afterH264)
      #expect(a.vmaf == b.vmaf)
      #expect(a.latents == b.latents)
      #expect(a.bitsPerPixel == 8000 / pixels)
      #expect(a.compression == 3 * pixels / 1000)
    }
  }

  @Test func csvKeepsEveryFigure() throws {
    let report = try report()
    let rows = parse(csv: report.csv())
    let columns = Dictionary(uniqueKeysWithValues: zip(rows[0], 0...))
    func field(_ row: [String], _ column: String) throws -> String {
      row[try #require(columns[column])]
    }
    let frames = try rows.filter {
      try field($0, "scope") == "frame" && field($0, "stage") == "h264"
    }
    #expect(frames.count == 6)
    let figures = report.runs[0].figures
    for (row, frame) in zip(frames, figures.perFrame) {
      #expect(try field(row, "clip") == Self.nasty)
      #expect(try Double(field(row, "psnr")) == frame.psnr)
      #expect(try Double(field(row, "ssim")) == frame.ssim)
      #expect(try Double(field(row, "temporalError")) == frame.temporalError)
    }
    let channels = try rows.filter { try field($0, "scope") == "channel" }
    #expect(channels.count == 4)
    #expect(try Double(field(channels[1], "maximum")) == Double(Float(1e-9)))
    let clip = try #require(try rows.first { try field($0, "scope") == "clip" })
    #expect(try field(clip, "frameRate") == "24000/1001")
    #expect(try Double(field(clip, "vmaf")) == 90)
    #expect(try rows.filter { try field($0, "scope") == "total" }.count == 4)
    #expect(rows.allSatisfy { $0.count == rows[0].count })
  }

  @Test func namesAreEscapedInThePage() throws {
    let page = try report().html()
    #expect(!page.contains("<script>alert"))
    #expect(!page.contains("<i>other"))
    #expect(!page.contains("<b>bad"))
    #expect(page.contains("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;"))
    #expect(page.contains("VMAF &amp; co"))
    #expect(page.contains("src=\"orig/a%20%26%20%22b%22%20%3Cscript%3E"))
    #expect(!page.contains("http"))
  }

  @Test func thePageHoldsItsPictures() throws {
    let page = try report(withPictures: true).html()
    let images = page.split(separator: "data:image/png;base64,").count - 1
    #expect(images == 12)
    #expect(page.contains("First frame"))
    #expect(page.contains("Worst and last frame"))
    let start = try #require(page.range(of: "base64,")).upperBound
    let data = try #require(Data(base64Encoded: String(page[start...].prefix { $0 != "\"" })))
    #expect(data.starts(with: [0x89, 0x50, 0x4E, 0x47]))
  }

  @Test func aPictureHasNoPlayerAndNoPlot() throws {
    let page = try report(frames: 1, suffix: ".png").html()
    #expect(!page.contains("<video"))
    #expect(!page.contains("<svg"))
    #expect(page.contains("<img src=\"orig/"))
    #expect(try report().html().contains("<video"))
  }

  @Test func plotsStaySmall() throws {
    let values = (0..<14400).map { Double($0 % 100) }
    let line = ReportPlot.Series(color: 0, values: values, marked: 100)
    let plot = ReportPlot(title: "PSNR", series: [line], framesPerSecond: 24, digits: 0).svg()
    let points = try #require(plot.firstMatch(of: /points="([^"]*)"/))
    #expect(points.1.split(separator: " ").count == 600)
    let empty = ReportPlot.Series(color: 0, values: [nil, nil])
    #expect(
      ReportPlot(title: "SSIM", series: [empty], framesPerSecond: 24, digits: 2).svg().isEmpty)
  }

  @Test(arguments: [
    (29.1, 30.4, [29.0, 29.5, 30.0, 30.5]), (0, 3.96, [0, 1, 2, 3, 4]), (100, 100, [100, 100.02]),
  ])
  func ticksAreRound(low: Double, high: Double, expected: [Double]) {
    let ticks = ReportPlot.ticks(low, high, about: 5)
    #expect(ticks.count == expected.count)
    for (tick, value) in zip(ticks, expected) { #expect(abs(tick - value) < 1e-9) }
  }

  /// Rows of fields by RFC 4180.
  private func parse(csv: String) -> [[String]] {
    var rows: [[String]] = [[]]
    var field = ""
    var isQuoted = false
    var previous: Unicode.Scalar?
    for scalar in csv.unicodeScalars {
      switch scalar {
      case "\"":
        if previous == "\"", !isQuoted { field += "\"" }
        isQuoted.toggle()
      case ",", "\r":
        if isQuoted {
          field.unicodeScalars.append(scalar)
        } else {
          rows[rows.count - 1].append(field)
          field = ""
        }
      case "\n" where !isQuoted: rows.append([])
      default: field.unicodeScalars.append(scalar)
      }
      previous = scalar
    }
    return rows.dropLast()
  }
}
