internal import CQuality
import Foundation

/// Compares pictures of one size with each other, pair after pair, in 8-bit RGB.
///
/// SSIM is Wang et al. 2004 per channel with an 11×11 Gaussian window of σ 1.5 and population
/// covariances, averaged over the positions where the window fits and over the channels: what
/// scikit-image calls `gaussian_weights=True, sigma=1.5, use_sample_covariance=False`. MS-SSIM is
/// Wang et al. 2003 with their five weights; each scale is the mean of 2×2 pixels of the one
/// before. Pictures too small for five scales use as many as fit, the weights scaled to sum to 1.
final class FrameComparer {
  /// What one pair gives.
  struct Outcome {
    /// Sum of squared errors over all samples.
    var squaredError: UInt64
    /// Sum of squared errors of the change since the pair before.
    var squaredChangeError: UInt64
    /// `nil` where the window does not fit.
    var similarity: Double?
    /// `nil` where the window does not fit.
    var multiScaleSimilarity: Double?
  }

  /// Exponents of the scales, finest first.
  private static let published = [0.0448, 0.2856, 0.3001, 0.2363, 0.1333]

  let width: Int
  let height: Int
  /// Exponents of the scales in use; empty where the window does not fit.
  let weights: [Double]
  private var previousErrors: [Int16]
  private var scratch: [Float]
  /// The plane at each scale, of the source and of the reconstruction.
  private var source: [[Float]] = []
  private var reconstruction: [[Float]] = []

  init(width: Int, height: Int) {
    self.width = width
    self.height = height
    let fitting = Self.published.indices.prefix { min(width, height) >> $0 >= cq_window }
    let sum = fitting.reduce(0) { $0 + Self.published[$1] }
    weights = fitting.map { Self.published[$0] / sum }
    previousErrors = Array(repeating: 0, count: 3 * width * height)
    scratch = Array(repeating: 0, count: cq_scratch(width))
    for scale in fitting {
      let count = (width >> scale) * (height >> scale) + cq_slack
      source.append(Array(repeating: 0, count: count))
      reconstruction.append(Array(repeating: 0, count: count))
    }
  }

  /// Compares two pictures, each `3 · width · height` bytes in planes R, G, B.
  func compare(source a: [UInt8], reconstruction b: [UInt8]) -> Outcome {
    let errors = cq_error(a, b, &previousErrors, a.count)
    var outcome = Outcome(squaredError: errors.error, squaredChangeError: errors.change)
    guard !weights.isEmpty else { return outcome }
    var similarity = 0.0
    var multiScale = 0.0
    for channel in 0..<3 {
      let plane = channel * width * height
      a.withUnsafeBufferPointer { spread($0.baseAddress! + plane, over: &source) }
      b.withUnsafeBufferPointer { spread($0.baseAddress! + plane, over: &reconstruction) }
      var product = 1.0
      for (scale, weight) in weights.enumerated() {
        let means = compare(scale: scale)
        if scale == 0 { similarity += means.similarity }
        let isCoarsest = scale == weights.count - 1
        // A negative mean has no real power; Wang's authors and others take it for 0.
        product *= pow(max(isCoarsest ? means.similarity : means.contrast, 0), weight)
      }
      multiScale += product
    }
    outcome.similarity = similarity / 3
    outcome.multiScaleSimilarity = multiScale / 3
    return outcome
  }

  /// Fills all scales from the plane at `bytes`.
  private func spread(_ bytes: UnsafePointer<UInt8>, over scales: inout [[Float]]) {
    cq_centre(bytes, width * height, &scales[0])
    for scale in scales.indices.dropFirst() {
      let finer = scales[scale - 1]
      cq_halve(finer, width >> (scale - 1), height >> (scale - 1), &scales[scale])
    }
  }

  private func compare(scale: Int) -> cq_similarity {
    let (width, height) = (width >> scale, height >> scale)
    let positions = Double((width - cq_window + 1) * (height - cq_window + 1))
    var sums = cq_compare(source[scale], reconstruction[scale], width, height, &scratch)
    sums.similarity /= positions
    sums.contrast /= positions
    return sums
  }
}
