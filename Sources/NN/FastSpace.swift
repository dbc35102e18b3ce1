internal import CKernels

/// The algorithm F(m×m, 3×3) that a 3×3 convolution takes in space: m×m output samples from
/// (m + 2)² products where 9m² are defined.
///
/// F(6×6) needs 1.78 products a sample, F(4×4) 2.25 and rounds half as much; its tiles waste less at
/// the borders of small frames. With upsampled space F(4×4) runs on the input, for four phases that
/// share some of their products.
struct FastSpace {
  /// Input samples between tiles, m.
  let side: Int
  let isUpsampled: Bool

  /// The one with the least products for `task`. With large weights, of which F(6×6) has 1.8 times as
  /// many, reading them takes what it saves.
  init(_ task: ConvolutionTask) {
    isUpsampled = task.upsampling.spaceFactor == 2
    let four = Self.grid(task, side: 4)
    let six = Self.grid(task, side: 6)
    let isSmall = task.kernel.t == 1 && task.inputChannels * task.outputChannels <= 1 << 16
    let isLess = 64 * six.h * six.w < 36 * four.h * four.w
    side = !isUpsampled && isSmall && isLess ? 6 : 4
  }

  /// Samples of an input tile's side.
  var points: Int { side + 2 }
  var productsPerAxis: Int { isUpsampled ? Int(fast_upsampled_count) : points }
  var products: Int { productsPerAxis * productsPerAxis }

  /// Tiles of a frame.
  func grid(_ task: ConvolutionTask) -> (h: Int, w: Int) { Self.grid(task, side: side) }

  private static func grid(_ task: ConvolutionTask, side: Int) -> (h: Int, w: Int) {
    ((task.input.height + side - 1) / side, (task.input.width + side - 1) / side)
  }

  /// The input point that a product takes.
  func point(of product: Int) -> Int {
    guard isUpsampled else { return product }
    let count = Int(fast_upsampled_count)
    return fast_upsampled_point(product / count) * points + fast_upsampled_point(product % count)
  }

  /// The factors of an axis' three taps in one of its products.
  func factors(_ product: Int) -> [Float] {
    let four: [[Float]] = [
      [1 / 4, 0, 0], [-1 / 6, -1 / 6, -1 / 6], [-1 / 6, 1 / 6, -1 / 6],
      [1 / 24, 1 / 12, 1 / 6], [1 / 24, -1 / 12, 1 / 6], [0, 0, 1],
    ]
    let six: [[Float]] = [
      [1, 0, 0], [-2 / 9, -2 / 9, -2 / 9], [-2 / 9, 2 / 9, -2 / 9],
      [1 / 90, 1 / 45, 2 / 45], [1 / 90, -1 / 45, 2 / 45],
      [32 / 45, 16 / 45, 8 / 45], [32 / 45, -16 / 45, 8 / 45], [0, 0, 1],
    ]
    guard isUpsampled else { return side == 6 ? six[product] : four[product] }
    // Even samples of the upsampled axis see the input through (w0, w1 + w2, 0), odd ones through
    // (0, w0 + w1, w2).
    let row = four[fast_upsampled_point(product)]
    return product < 5 ? [row[0], row[1], row[1]] : [row[1], row[1], row[2]]
  }
}
