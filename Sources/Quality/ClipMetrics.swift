public import Media

/// Compares a reconstructed clip with its source while both stream by.
///
/// Memory does not grow with the clip but for four numbers a frame. Not thread-safe: one thread
/// at a time. Feed one accumulator with the model's output and another with the decoded MP4 to
/// have the figures before and after H.264.
public final class ClipMetrics {
  /// A source frame and its reconstruction, both in 8 bits.
  public struct Pair: Sendable {
    /// Place in the clip, from 0.
    public let index: Int
    public let source: RGBFrame
    public let reconstruction: RGBFrame
  }

  /// The first pair.
  public private(set) var first: Pair?
  /// The pair of lowest PSNR so far.
  public private(set) var worst: Pair?
  /// The latest pair.
  public private(set) var last: Pair?

  private var comparer: FrameComparer?
  private var frames = FrameSeries()
  private var samples = 0
  private var squaredError = 0.0
  private var squaredChangeError = 0.0

  public init() {}

  /// Compares the next frame of both clips, in 8 bits.
  ///
  /// - Throws: ``QualityError`` where the two differ in size, or from the pairs before.
  public func push(source: RGBFrame, reconstruction: RGBFrame) throws {
    let (source, reconstruction) = (source.eightBit(), reconstruction.eightBit())
    let comparer = try comparer(for: source, reconstruction)
    let outcome = comparer.compare(source: source.bytes, reconstruction: reconstruction.bytes)
    let count = 3 * source.width * source.height
    let error = Double(outcome.squaredError)
    let changeError = Double(outcome.squaredChangeError)
    let isFirst = frames.isEmpty
    frames.append(
      FrameFigures(
        index: frames.count,
        psnr: peakSignalToNoise(meanSquaredError: error / Double(count)),
        ssim: outcome.similarity, msssim: outcome.multiScaleSimilarity,
        temporalError: isFirst ? nil : (changeError / Double(count)).squareRoot()))
    let index = frames.count - 1
    let pair = Pair(index: index, source: source, reconstruction: reconstruction)
    if isFirst { first = pair }
    if worst.map({ frames[index].psnr < frames[$0.index].psnr }) ?? true { worst = pair }
    last = pair
    samples += count
    squaredError += error
    if !isFirst { squaredChangeError += changeError }
  }

  /// The figures of all pairs so far, `nil` before the first.
  public var figures: ClipFigures? {
    guard let comparer, !frames.isEmpty else { return nil }
    let changes = Double(samples - samples / frames.count)
    return ClipFigures(
      frames: frames.count, samples: samples, meanSquaredError: squaredError / Double(samples),
      msssimScales: comparer.weights.count,
      temporalError: changes > 0 ? (squaredChangeError / changes).squareRoot() : nil,
      perFrame: frames)
  }

  private func comparer(for source: RGBFrame, _ reconstruction: RGBFrame) throws -> FrameComparer {
    let comparer = comparer ?? FrameComparer(width: source.width, height: source.height)
    for (name, frame) in [("source", source), ("reconstruction", reconstruction)] {
      guard (frame.width, frame.height) == (comparer.width, comparer.height) else {
        throw QualityError(
          "frame \(frames.count) of the \(name) is \(frame.width)x\(frame.height); "
            + "expected \(comparer.width)x\(comparer.height) to compare with")
      }
    }
    self.comparer = comparer
    return comparer
  }
}
