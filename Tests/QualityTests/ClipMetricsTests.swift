import Media
import Testing

@testable import Quality

@Suite struct ClipMetricsTests {
  @Test func equalClipsAreWithoutError() throws {
    let metrics = ClipMetrics()
    for t in 0..<2 {
      let picture = pictures(width: 37, height: 23, t: t).source
      try metrics.push(source: picture, reconstruction: picture)
    }
    let figures = try #require(metrics.figures)
    #expect(figures.meanSquaredError == 0)
    #expect(figures.psnr == 100 && figures.meanFramePSNR == 100)
    #expect(abs(try #require(figures.ssim) - 1) < 1e-6)
    #expect(abs(try #require(figures.msssim) - 1) < 1e-6)
    #expect(figures.temporalError == 0)
    #expect(figures.worstFrame == 0)
  }

  @Test func onePixelCounts() throws {
    let source = flat(width: 16, height: 16, 100)
    var bytes = source.bytes
    bytes[16 * 16 + 8 * 16 + 8] = 110
    let metrics = ClipMetrics()
    try metrics.push(source: source, reconstruction: source)
    try metrics.push(source: source, reconstruction: frame(width: 16, height: 16, bytes))
    let figures = try #require(metrics.figures)
    #expect(figures.meanSquaredError == 100.0 / (2 * 3 * 16 * 16))
    #expect(figures.perFrame[0].psnr == 100)
    #expect(figures.perFrame[1].psnr < 60)
    #expect(try #require(figures.perFrame[1].ssim) < 1)
    #expect(figures.worstFrame == 1)
    #expect(figures.temporalError == (100.0 / (3 * 16 * 16)).squareRoot())
  }

  @Test func steadyErrorsDoNotFlicker() throws {
    let metrics = ClipMetrics()
    for level: UInt8 in [10, 90, 200] {
      try metrics.push(
        source: flat(width: 12, height: 12, level),
        reconstruction: flat(width: 12, height: 12, level + 5))
    }
    let figures = try #require(metrics.figures)
    #expect(figures.temporalError == 0)
    #expect(figures.meanSquaredError == 25)
  }

  @Test func aSingleFrameHasNoTemporalError() throws {
    let metrics = ClipMetrics()
    #expect(metrics.figures == nil)
    let pair = pictures(width: 12, height: 12, t: 0)
    try metrics.push(source: pair.source, reconstruction: pair.reconstruction)
    let figures = try #require(metrics.figures)
    #expect(figures.temporalError == nil && figures.perFrame[0].temporalError == nil)
  }

  @Test(arguments: [(1, 1), (10, 40), (40, 10), (2, 3)])
  func smallPicturesHaveNoSimilarity(width: Int, height: Int) throws {
    let metrics = ClipMetrics()
    try metrics.push(
      source: flat(width: width, height: height, 0),
      reconstruction: flat(width: width, height: height, 255))
    let figures = try #require(metrics.figures)
    #expect(figures.psnr == 0)
    #expect(figures.ssim == nil && figures.msssim == nil && figures.msssimScales == 0)
  }

  @Test(arguments: [(11, 1), (21, 1), (22, 2), (175, 4), (176, 5), (400, 5)])
  func scalesFitTheSmallerSide(side: Int, scales: Int) {
    let comparer = FrameComparer(width: side, height: 500)
    #expect(comparer.weights.count == scales)
    #expect(abs(comparer.weights.reduce(0, +) - 1) < 1e-12)
  }

  @Test func picturesAreCalledWhatTheyAre() throws {
    func titles(_ levels: [UInt8]) throws -> [String] {
      let metrics = ClipMetrics()
      for level in levels {
        try metrics.push(
          source: flat(width: 4, height: 4, 100), reconstruction: flat(width: 4, height: 4, level))
      }
      return try metrics.pictures().map(\.title)
    }
    #expect(try titles([101, 120, 102]) == ["First frame", "Worst frame", "Last frame"])
    #expect(try titles([120, 101]) == ["First and worst frame", "Last frame"])
    #expect(try titles([120]) == ["Only frame"])
  }

  @Test func keepsFirstWorstAndLast() throws {
    let metrics = ClipMetrics()
    let source = flat(width: 4, height: 4, 100)
    for level: UInt8 in [101, 105, 120, 120, 102] {
      try metrics.push(source: source, reconstruction: flat(width: 4, height: 4, level))
    }
    #expect(metrics.first?.index == 0)
    #expect(metrics.worst?.index == 2)
    #expect(metrics.worst?.reconstruction.bytes.first == 120)
    #expect(metrics.last?.index == 4)
    #expect(metrics.figures?.worstFrame == 2)
  }

  @Test func sixteenBitsAreRoundedToEight() throws {
    let deep = RGBFrame(
      width: 1, height: 1, samples: .sixteen([257 * 100 + 120, 257 * 50 - 120, 65535]))
    let metrics = ClipMetrics()
    try metrics.push(
      source: deep, reconstruction: frame(width: 1, height: 1, [100, 50, 255]))
    #expect(metrics.figures?.meanSquaredError == 0)
  }

  @Test func sizesMustAgree() throws {
    let metrics = ClipMetrics()
    try metrics.push(
      source: flat(width: 4, height: 4, 0), reconstruction: flat(width: 4, height: 4, 0))
    let error = #expect(throws: QualityError.self) {
      try metrics.push(
        source: flat(width: 4, height: 4, 0), reconstruction: flat(width: 4, height: 6, 0))
    }
    #expect(
      error?.description
        == "frame 1 of the reconstruction is 4x6; expected 4x4 to compare with")
  }

  @Test func poolingIsAsOneLongClip() throws {
    var parts: [ClipFigures] = []
    let whole = ClipMetrics()
    for range in [0..<2, 2..<5] {
      let part = ClipMetrics()
      for t in range {
        let pair = pictures(width: 12, height: 14, t: t)
        try part.push(source: pair.source, reconstruction: pair.reconstruction)
        try whole.push(source: pair.source, reconstruction: pair.reconstruction)
      }
      parts.append(try #require(part.figures))
    }
    let pooled = try #require(ClipFigures(pooling: parts))
    let expected = try #require(whole.figures)
    #expect(pooled.frames == 5)
    #expect(abs(pooled.psnr - expected.psnr) < 1e-9)
    #expect(abs(pooled.meanFramePSNR - expected.meanFramePSNR) < 1e-9)
    #expect(abs(try #require(pooled.ssim) - #require(expected.ssim)) < 1e-9)
    #expect(ClipFigures(pooling: []) == nil)
  }
}
