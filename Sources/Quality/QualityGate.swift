import Foundation

/// The least quality that every clip must have.
public struct QualityGate: Codable, Hashable, Sendable {
  /// Least ``ClipFigures/psnr`` in dB.
  public var minimumPSNR: Double?
  /// Least ``ClipFigures/ssim``.
  public var minimumSSIM: Double?

  public init(minimumPSNR: Double? = nil, minimumSSIM: Double? = nil) {
    self.minimumPSNR = minimumPSNR
    self.minimumSSIM = minimumSSIM
  }

  /// What the clip falls short of, one line each; empty where it passes. A figure that could not
  /// be measured falls short.
  public func failures(of figures: ClipFigures, clip: String) -> [String] {
    var failures: [String] = []
    if let minimumPSNR, !(figures.psnr >= minimumPSNR) {
      failures.append(
        "\(clip): "
          + String(format: "PSNR %.2f dB is below %.2f dB", figures.psnr, minimumPSNR))
    }
    if let minimumSSIM, let ssim = figures.ssim, !(ssim >= minimumSSIM) {
      failures.append(
        "\(clip): " + String(format: "SSIM %.4f is below %.4f", ssim, minimumSSIM))
    }
    if minimumSSIM != nil, figures.ssim == nil {
      failures.append("\(clip): no SSIM, which needs 11 pixels each way")
    }
    return failures
  }
}
