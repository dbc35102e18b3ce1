/// A figure as the report's tables show it.
struct ReportMeasure: Sendable {
  /// Which of two values is the better one.
  enum Better: Sendable {
    case higher, lower
  }

  /// A name, short enough for a column.
  var name: String
  var unit = ""
  /// Digits after the point.
  var digits: Int
  var better: Better?
  var value: @Sendable (Report.Run) -> Double?
  /// The value over all clips of a model, where there is one.
  var total: @Sendable (Report.Total, [Report.Run]) -> Double? = { _, _ in nil }

  /// Of the comparison at the top of the page.
  static let summary: [ReportMeasure] = [
    .figure("PSNR", "dB", 2, .higher, \.psnr),
    .optional("SSIM", 4, .higher, \.ssim),
    .optional("MS-SSIM", 4, .higher, \.msssim),
    worstFrame,
    .optional("Temporal error", 2, .lower, \.temporalError),
    ReportMeasure(
      name: "After H.264", unit: "dB", digits: 2, better: .higher,
      value: { $0.afterH264?.psnr }, total: { total, _ in total.afterH264?.psnr }),
    vmaf, bitsPerPixel,
  ]

  /// Of the table under each clip.
  static let all: [ReportMeasure] =
    [
      .figure("PSNR", "dB", 3, .higher, \.psnr),
      .figure("PSNR, mean of frames", "dB", 3, .higher, \.meanFramePSNR),
      .optional("SSIM", 5, .higher, \.ssim),
      .optional("MS-SSIM", 5, .higher, \.msssim),
      .optional("Temporal error", 3, .lower, \.temporalError),
      .figure("Worst frame", "dB", 3, .higher, \.worstPSNR),
      ReportMeasure(
        name: "PSNR after H.264", unit: "dB", digits: 3, better: .higher,
        value: { $0.afterH264?.psnr }),
      ReportMeasure(
        name: "SSIM after H.264", digits: 5, better: .higher, value: { $0.afterH264?.ssim }),
      ReportMeasure(
        name: "MS-SSIM after H.264", digits: 5, better: .higher, value: { $0.afterH264?.msssim }),
      vmaf,
      ReportMeasure(name: "Latent file", unit: "bytes", digits: 0) {
        $0.latentBytes.map(Double.init)
      },
      bitsPerPixel,
      ReportMeasure(name: "RGB bytes per latent byte", digits: 1, better: .higher) {
        $0.compression
      },
      ReportMeasure(name: "Latent mean", digits: 4) { $0.latents?.overall.mean },
      ReportMeasure(name: "Latent standard deviation", digits: 4) {
        $0.latents?.overall.standardDeviation
      },
      ReportMeasure(name: "Latent minimum", digits: 3) { $0.latents?.overall.minimum },
      ReportMeasure(name: "Latent maximum", digits: 3) { $0.latents?.overall.maximum },
      ReportMeasure(name: "KL divergence", unit: "nats per value", digits: 3) {
        $0.latents?.divergence
      },
      ReportMeasure(name: "Encoding", unit: "frames/s", digits: 2, better: .higher) { run in
        run.encodeSeconds.map { Double(run.figures.frames) / $0 }
      },
      ReportMeasure(name: "Decoding", unit: "frames/s", digits: 2, better: .higher) { run in
        run.decodeSeconds.map { Double(run.figures.frames) / $0 }
      },
    ]

  private static let worstFrame = ReportMeasure(
    name: "Worst frame", unit: "dB", digits: 2, better: .higher, value: { $0.figures.worstPSNR },
    total: { _, runs in runs.map(\.figures.worstPSNR).min() })

  private static let vmaf = ReportMeasure(name: "VMAF", digits: 2, better: .higher) {
    $0.vmaf?.mean
  }

  private static let bitsPerPixel = ReportMeasure(
    name: "Bits per pixel", digits: 3, better: .lower, value: { $0.bitsPerPixel },
    total: { _, runs in
      let bytes = runs.compactMap(\.latentBytes)
      guard bytes.count == runs.count else { return nil }
      let samples = runs.reduce(0) { $0 + $1.figures.samples }
      return Double(bytes.reduce(0, +) * 8) / (Double(samples) / 3)
    })

  private static func figure(
    _ name: String, _ unit: String, _ digits: Int, _ better: Better,
    _ value: @escaping @Sendable (ClipFigures) -> Double
  ) -> ReportMeasure {
    ReportMeasure(
      name: name, unit: unit, digits: digits, better: better, value: { value($0.figures) },
      total: { total, _ in value(total.figures) })
  }

  private static func optional(
    _ name: String, _ digits: Int, _ better: Better,
    _ value: @escaping @Sendable (ClipFigures) -> Double?
  ) -> ReportMeasure {
    ReportMeasure(
      name: name, digits: digits, better: better, value: { value($0.figures) },
      total: { total, _ in value(total.figures) })
  }
}

extension ReportMeasure {
  /// The value's text, marked where it is the best of several.
  func cell(_ value: Double?, among all: [Double?]) -> String {
    let text = HTMLText.number(value, digits: digits)
    let rivals = all.compactMap { $0 }
    let best = better == .higher ? rivals.max() : better == .lower ? rivals.min() : nil
    let isBest =
      rivals.count > 1 && value != nil && value == best && rivals.contains { $0 != best }
    return isBest ? "<td class=\"best\">\(text)</td>" : "<td>\(text)</td>"
  }

  /// The name with its unit.
  var heading: String {
    unit.isEmpty ? name : "\(name) <span class=\"unit\">\(unit)</span>"
  }
}
