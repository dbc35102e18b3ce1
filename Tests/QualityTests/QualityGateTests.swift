import Testing

@testable import Quality

@Suite struct QualityGateTests {
  private func figures(meanSquaredError: Double, ssim: Double?) -> ClipFigures {
    var frames = FrameSeries()
    frames.append(FrameFigures(index: 0, psnr: 30, ssim: ssim))
    return ClipFigures(
      frames: 1, samples: 3, meanSquaredError: meanSquaredError, msssimScales: 0,
      temporalError: nil, perFrame: frames)
  }

  @Test func passes() {
    let figures = figures(meanSquaredError: 1, ssim: 0.9)
    #expect(QualityGate().failures(of: figures, clip: "a.mp4").isEmpty)
    let gate = QualityGate(minimumPSNR: 48, minimumSSIM: 0.9)
    #expect(gate.failures(of: figures, clip: "a.mp4").isEmpty)
  }

  @Test func namesWhatFallsShort() {
    let gate = QualityGate(minimumPSNR: 49, minimumSSIM: 0.95)
    #expect(
      gate.failures(of: figures(meanSquaredError: 1, ssim: 0.9), clip: "a%d.mp4") == [
        "a%d.mp4: PSNR 48.13 dB is below 49.00 dB", "a%d.mp4: SSIM 0.9000 is below 0.9500",
      ])
  }

  @Test func whatIsNotMeasuredFallsShort() {
    let gate = QualityGate(minimumPSNR: 10, minimumSSIM: 0.5)
    #expect(
      gate.failures(of: figures(meanSquaredError: .nan, ssim: nil), clip: "a").count == 2)
  }
}
