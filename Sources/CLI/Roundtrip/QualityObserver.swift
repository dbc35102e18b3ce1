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

    /// The same in words, for ``RoundTripOptions/measured``.
    var description: String {
      (afterH264 ? "after H.264, " : "") + (vmaf == nil ? "no VMAF" : "VMAF")
    }
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

  func finish(_ written: WrittenRoundTrip) throws -> Data {
    guard let figures = metrics.figures else {
      throw CodecError(written.original, "no frames to compare")
    }
    return try JSONEncoder().encode(
      RoundtripFigures(
        figures: figures,
        afterH264: settings.afterH264 ? try compareFile(of: written) : nil,
        vmaf: try settings.vmaf?.measure(
          source: written.original, reconstruction: written.reconstruction),
        latents: latents.figures, pictures: try metrics.pictures()))
  }

  /// The written reconstruction against the source's own frames, so that what H.264 takes counts
  /// once, as for whoever watches the file.
  private func compareFile(of written: WrittenRoundTrip) throws -> ClipFigures? {
    let metrics = ClipMetrics()
    let reader = try VideoReader(path: written.reconstruction)
    try written.forEachSourceFrame { source in
      guard let result = try reader.next() else {
        throw CodecError(written.reconstruction, "holds fewer frames than the source")
      }
      // H.264 has even sizes; what it was padded by is no part of the picture.
      try metrics.push(
        source: source,
        reconstruction: result.cropped(width: source.width, height: source.height))
    }
    return metrics.figures
  }
}
