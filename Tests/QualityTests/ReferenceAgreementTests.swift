import Foundation
import Media
import Testing

@testable import Quality

/// Figures of Reference/reference.py: scikit-image's SSIM, pytorch_msssim's MS-SSIM.
private struct Expected: CustomTestStringConvertible {
  let width: Int
  let height: Int
  let ssim: [Double]
  var msssim: [Double]?
  let psnr: [Double]
  let clipPSNR: Double
  let temporalError: Double

  var testDescription: String { "\(width)x\(height)" }

  static let all = [
    Expected(
      width: 11, height: 11, ssim: [0.91508681, 0.73586595, 0.53793576],
      psnr: [34.32370904, 28.34463521, 24.81722790], clipPSNR: 27.66860109,
      temporalError: 16.17010983),
    Expected(
      width: 33, height: 21, ssim: [0.94251694, 0.81175804, 0.67466899],
      psnr: [34.36540269, 28.41588974, 24.95051174], clipPSNR: 27.77746578,
      temporalError: 16.01963382),
    Expected(
      width: 64, height: 48, ssim: [0.97068964, 0.89664521, 0.80412316],
      psnr: [34.39562958, 28.47645288, 25.01730575], clipPSNR: 27.83978244,
      temporalError: 15.89916755),
    Expected(
      width: 192, height: 176, ssim: [0.99169347, 0.96875407, 0.93539830],
      msssim: [0.99951818, 0.99814403, 0.99605137],
      psnr: [34.40575456, 28.46403296, 25.01587923], clipPSNR: 27.83603760,
      temporalError: 15.91084465),
  ]
}

@Suite struct ReferenceAgreementTests {
  @Test(arguments: Expected.all)
  private func agreesWithScikitImage(_ expected: Expected) throws {
    let metrics = ClipMetrics()
    for t in 0..<3 {
      let pair = pictures(width: expected.width, height: expected.height, t: t)
      try metrics.push(source: pair.source, reconstruction: pair.reconstruction)
    }
    let figures = try #require(metrics.figures)
    for (frame, ssim) in zip(figures.perFrame, expected.ssim) {
      #expect(abs(try #require(frame.ssim) - ssim) < 1e-5)
    }
    for (frame, msssim) in zip(figures.perFrame, expected.msssim ?? []) {
      #expect(abs(try #require(frame.msssim) - msssim) < 1e-5)
    }
    for (frame, psnr) in zip(figures.perFrame, expected.psnr) {
      #expect(abs(frame.psnr - psnr) < 1e-6)
    }
    #expect(abs(figures.psnr - expected.clipPSNR) < 1e-6)
    #expect(abs(figures.meanFramePSNR - expected.psnr.reduce(0, +) / 3) < 1e-6)
    #expect(abs(try #require(figures.temporalError) - expected.temporalError) < 1e-6)
    #expect(figures.worstFrame == 2)
  }

  @Test(.enabled(if: ffmpeg != nil, "no ffmpeg on the path"))
  func agreesWithFFmpeg() throws {
    let (width, height) = (34, 22)
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let metrics = ClipMetrics()
    var raw = [Data(), Data()]
    for t in 0..<3 {
      let pair = pictures(width: width, height: height, t: t)
      try metrics.push(source: pair.source, reconstruction: pair.reconstruction)
      for (i, picture) in [pair.source, pair.reconstruction].enumerated() {
        let area = width * height
        let (red, rest) = (picture.bytes[..<area], picture.bytes[area...])
        raw[i] += rest + red  // gbrp
      }
    }
    var arguments = ["-hide_banner", "-nostats"]
    for (data, name) in zip(raw, ["source.raw", "reconstruction.raw"]) {
      try data.write(to: folder.appending(path: name))
      arguments += ["-f", "rawvideo", "-pix_fmt", "gbrp", "-s", "\(width)x\(height)", "-i", name]
    }
    arguments += ["-lavfi", "psnr", "-f", "null", "-"]
    let process = Process()
    let output = Pipe()
    process.executableURL = ffmpeg
    process.arguments = arguments
    process.currentDirectoryURL = folder
    process.standardError = output
    try process.run()
    let log = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    let average = try #require(log.firstMatch(of: /average:([0-9.]+)/))
    let psnr = try #require(Double(average.1))
    #expect(abs(try #require(metrics.figures).psnr - psnr) < 0.0005)
  }
}
