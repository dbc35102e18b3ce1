/// How a reconstructed clip differs from its source, in 8-bit RGB.
public struct ClipFigures: Codable, Hashable, Sendable {
  /// Frames compared.
  public var frames: Int
  /// Samples (three a pixel) compared.
  public var samples: Int
  /// Mean squared error of all samples, in levels of 255.
  public var meanSquaredError: Double
  /// PSNR in dB of ``meanSquaredError``, at most 100; ffmpeg's `psnr` average in gbrp.
  public var psnr: Double
  /// Mean of the frames' PSNR in dB, each at most 100.
  public var meanFramePSNR: Double
  /// Mean of the frames' SSIM.
  public var ssim: Double?
  /// Mean of the frames' MS-SSIM.
  public var msssim: Double?
  /// Scales behind ``msssim``: 5, or fewer where a side is under 176 pixels.
  public var msssimScales: Int
  /// Root mean square, in levels of 255, of the error of frame differences: 0 for errors that
  /// stand still, √2 times the root mean squared error for errors that flicker at random; `nil`
  /// for a single frame.
  public var temporalError: Double?
  /// Index of the frame of lowest PSNR, the first of equals.
  public var worstFrame: Int
  /// Every frame's figures, in order.
  public var perFrame: FrameSeries

  /// The lowest PSNR of a frame in dB.
  public var worstPSNR: Double { perFrame.lazy.map(\.psnr).min() ?? psnr }

  /// The figures of all `clips` as if they were one long clip, without its single frames.
  public init?(pooling clips: [ClipFigures]) {
    guard let first = clips.first else { return nil }
    frames = clips.reduce(0) { $0 + $1.frames }
    samples = clips.reduce(0) { $0 + $1.samples }
    meanSquaredError =
      clips.reduce(0) { $0 + $1.meanSquaredError * Double($1.samples) } / Double(samples)
    psnr = peakSignalToNoise(meanSquaredError: meanSquaredError)
    meanFramePSNR = clips.reduce(0) { $0 + $1.meanFramePSNR * Double($1.frames) } / Double(frames)
    ssim = mean(clips, \.ssim, weight: { Double($0.frames) })
    msssim = mean(clips, \.msssim, weight: { Double($0.frames) })
    msssimScales = clips.reduce(first.msssimScales) { min($0, $1.msssimScales) }
    let squares = mean(
      clips, { clip in clip.temporalError.map { $0 * $0 } },
      weight: { Double($0.samples - $0.samples / $0.frames) })
    temporalError = squares?.squareRoot()
    worstFrame = clips.min { $0.worstPSNR < $1.worstPSNR }?.worstFrame ?? 0
    perFrame = FrameSeries()
  }

  init(
    frames: Int, samples: Int, meanSquaredError: Double, msssimScales: Int,
    temporalError: Double?, perFrame: FrameSeries
  ) {
    self.frames = frames
    self.samples = samples
    self.meanSquaredError = meanSquaredError
    psnr = peakSignalToNoise(meanSquaredError: meanSquaredError)
    meanFramePSNR = mean(perFrame, \.psnr) ?? psnr
    ssim = mean(perFrame, \.ssim)
    msssim = mean(perFrame, \.msssim)
    self.msssimScales = msssimScales
    self.temporalError = temporalError
    worstFrame = perFrame.min { $0.psnr < $1.psnr }?.index ?? 0
    self.perFrame = perFrame
  }
}

/// Weighted mean over the items that have a value, `nil` where none has.
private func mean<Items: Sequence>(
  _ items: Items, _ value: (Items.Element) -> Double?,
  weight: (Items.Element) -> Double = { _ in 1 }
) -> Double? {
  var (sum, weights) = (0.0, 0.0)
  for item in items {
    guard let value = value(item) else { continue }
    sum += value * weight(item)
    weights += weight(item)
  }
  return weights > 0 ? sum / weights : nil
}
