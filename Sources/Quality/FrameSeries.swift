/// How one frame of a reconstruction differs from its source, in 8-bit RGB.
public struct FrameFigures: Hashable, Sendable {
  /// Place in the clip, from 0.
  public var index: Int
  /// PSNR in dB, at most 100.
  public var psnr: Double
  /// SSIM, at most 1; `nil` where a side is under 11 pixels.
  public var ssim: Double?
  /// MS-SSIM, 0 to 1; `nil` where a side is under 11 pixels.
  public var msssim: Double?
  /// Root mean square, in levels of 255, of the error of this frame's difference from the one
  /// before; `nil` for the first.
  public var temporalError: Double?
}

/// The figures of a clip's frames in order, to six decimals. Kept and encoded column by column, which
/// takes a fraction of the room: `{"psnr": […], "ssim": […], "msssim": […], "temporalError": […]}`.
/// Columns without values are empty; `temporalError` begins with the second frame.
public struct FrameSeries: Codable, Hashable, Sendable, RandomAccessCollection {
  private var psnr: [Double] = []
  private var ssim: [Double] = []
  private var msssim: [Double] = []
  private var temporalError: [Double] = []

  /// No frames.
  public init() {}

  public var startIndex: Int { 0 }
  public var endIndex: Int { psnr.count }

  public subscript(index: Int) -> FrameFigures {
    FrameFigures(
      index: index, psnr: psnr[index], ssim: ssim.isEmpty ? nil : ssim[index],
      msssim: msssim.isEmpty ? nil : msssim[index],
      temporalError: index == 0 ? nil : temporalError[index - 1])
  }

  /// Adds the next frame; all frames have the same figures but the first, which has no error of
  /// change.
  mutating func append(_ frame: FrameFigures) {
    psnr.append(Self.rounded(frame.psnr))
    if let value = frame.ssim { ssim.append(Self.rounded(value)) }
    if let value = frame.msssim { msssim.append(Self.rounded(value)) }
    if let value = frame.temporalError { temporalError.append(Self.rounded(value)) }
  }

  private static func rounded(_ value: Double) -> Double { (value * 1e6).rounded() / 1e6 }
}
