import Codec
import Foundation
import Media
import Models
import Quality
import Tensor

/// What is measured about a round trip, as it is kept beside the clips.
struct RoundtripFigures: Codable, Sendable {
  var figures: ClipFigures
  var afterH264: ClipFigures?
  var vmaf: VMAFFigures?
  var latents: LatentFigures?
  var pictures: [Report.Picture]
}

/// Measures a round trip while it runs: quality frame by frame, latents chunk by chunk.
final class QualityObserver: RoundTripObserver {
  /// What is measured beyond the model's output itself.
  struct Settings: Sendable {
    /// To report latents as a diffusion model is given them.
    var scaling: LatentScaling
    /// Compares the MP4s, too.
    var afterH264: Bool
    var vmaf: VMAF?
  }

  private let settings: Settings
  private let metrics = ClipMetrics()
  private var latents = LatentStatistics()

  init(_ settings: Settings) {
    self.settings = settings
  }

  func compare(source: RGBFrame, reconstruction: RGBFrame) throws {
    try metrics.push(source: source, reconstruction: reconstruction)
  }

  func observe(mean: Tensor, logvar: Tensor?) throws {
    latents.add(settings.scaling.toDiffusion(mean))
    if let logvar { latents.addDivergence(mean: mean, logVariance: logvar) }
  }

  func finish(original: String, reconstruction: String) throws -> Data {
    guard let figures = metrics.figures else {
      throw CodecError(original, "no frames to compare")
    }
    return try JSONEncoder().encode(
      RoundtripFigures(
        figures: figures,
        afterH264: settings.afterH264 ? try compareFiles(original, reconstruction) : nil,
        vmaf: try settings.vmaf?.measure(source: original, reconstruction: reconstruction),
        latents: latents.figures, pictures: try metrics.pictures()))
  }

  private func compareFiles(_ original: String, _ reconstruction: String) throws -> ClipFigures? {
    let metrics = ClipMetrics()
    let (a, b) = (try VideoReader(path: original), try VideoReader(path: reconstruction))
    while let source = try a.next(), let result = try b.next() {
      try metrics.push(source: source, reconstruction: result)
    }
    return metrics.figures
  }
}
