internal import CKernels

/// The algorithm that a 3×3 convolution takes in space: samples of tiles are brought to points, where
/// they are multiplied with fewer products than are defined, and products back to samples.
///
/// F(6×6) needs 1.78 products an output sample, F(4×4) 2.25 and rounds half as much; its tiles waste
/// less at the borders of small frames. With upsampled space F(4×4) runs on the input, for four phases
/// that share some of their products. With stride 2 even and odd samples are convolutions of their own,
/// of two taps and of one: 5.06 products.
struct FastSpace {
  let algorithm: fast_algorithm
  let isUpsampled: Bool

  /// The one with the least products for `task`. With large weights, of which F(6×6) has 1.8 times as
  /// many, reading them takes what it saves.
  init(_ task: ConvolutionTask) {
    isUpsampled = task.upsampling.spaceFactor == 2
    let four = Self.grid(task, FAST_F4)
    let six = Self.grid(task, FAST_F6)
    let isSmall = task.kernel.t == 1 && task.inputChannels * task.outputChannels <= 1 << 16
    let isLess = 64 * six.h * six.w < 36 * four.h * four.w
    algorithm =
      task.stride.h == 2 ? FAST_F4_STRIDED : !isUpsampled && isSmall && isLess ? FAST_F6 : FAST_F4
  }

  /// Output samples of a tile's side; with upsampled space, of each phase.
  var side: Int { Int(fast_side(algorithm)) }
  /// Samples, and points, of an input tile's side.
  var inputs: Int { Int(fast_inputs(algorithm)) }
  /// Samples between input tiles.
  var step: Int { Int(fast_step(algorithm)) }

  /// Tiles of a frame.
  func grid(_ task: ConvolutionTask) -> (h: Int, w: Int) { Self.grid(task, algorithm) }

  private static func grid(_ task: ConvolutionTask, _ algorithm: fast_algorithm) -> (h: Int, w: Int)
  {
    let extent = task.upsampling.spaceFactor == 2 ? task.input : task.output
    let side = Int(fast_side(algorithm))
    return ((extent.height + side - 1) / side, (extent.width + side - 1) / side)
  }

  private var productsPerAxis: Int {
    isUpsampled ? Int(fast_upsampled_count) : Int(fast_points(algorithm))
  }
  var products: Int { productsPerAxis * productsPerAxis }
  /// Combinations of an axis' taps, and of all taps: the matrices that inputs are multiplied with.
  var matricesPerAxis: Int { isUpsampled ? Int(fast_upsampled_count) : inputs }
  var matrices: Int { matricesPerAxis * matricesPerAxis }

  /// An input point times a matrix.
  struct Term {
    var point: Int
    var matrix: Int
  }

  /// Whether each product is that of one point and one matrix, in order.
  var isRegular: Bool { !isUpsampled && algorithm != FAST_F4_STRIDED }

  /// What a product is the sum of.
  func terms(of product: Int) -> [Term] {
    let (row, column) = product.quotientAndRemainder(dividingBy: productsPerAxis)
    return axisTerms(of: row).flatMap { y in
      axisTerms(of: column).map { x in
        Term(
          point: y.point * inputs + x.point, matrix: y.matrix * matricesPerAxis + x.matrix)
      }
    }
  }

  private func axisTerms(of product: Int) -> [Term] {
    if isUpsampled { return [Term(point: fast_upsampled_point(product), matrix: product)] }
    let own = Term(point: product, matrix: product)
    // Odd samples have no product at infinity, the last point.
    guard algorithm == FAST_F4_STRIDED && product < productsPerAxis - 1 else { return [own] }
    let odd = productsPerAxis + product
    return [own, Term(point: odd, matrix: odd)]
  }

  /// The factors of an axis' three taps in one of its matrices.
  func factors(_ matrix: Int) -> [Float] {
    let four: [[Float]] = [
      [1 / 4, 0, 0], [-1 / 6, -1 / 6, -1 / 6], [-1 / 6, 1 / 6, -1 / 6],
      [1 / 24, 1 / 12, 1 / 6], [1 / 24, -1 / 12, 1 / 6], [0, 0, 1],
    ]
    let six: [[Float]] = [
      [1, 0, 0], [-2 / 9, -2 / 9, -2 / 9], [-2 / 9, 2 / 9, -2 / 9],
      [1 / 90, 1 / 45, 2 / 45], [1 / 90, -1 / 45, 2 / 45],
      [32 / 45, 16 / 45, 8 / 45], [32 / 45, -16 / 45, 8 / 45], [0, 0, 1],
    ]
    let strided: [[Float]] = [
      [1 / 2, 0, 0], [-1 / 2, 0, -1 / 2], [-1 / 6, 0, 1 / 6], [1 / 6, 0, 1 / 3], [0, 0, 1],
      [0, 1 / 2, 0], [0, -1 / 2, 0], [0, -1 / 6, 0], [0, 1 / 6, 0],
    ]
    guard isUpsampled else {
      return (algorithm == FAST_F6 ? six : algorithm == FAST_F4 ? four : strided)[matrix]
    }
    // Even samples of the upsampled axis see the input through (w0, w1 + w2, 0), odd ones through
    // (0, w0 + w1, w2).
    let row = four[fast_upsampled_point(matrix)]
    return matrix < 5 ? [row[0], row[1], row[1]] : [row[1], row[1], row[2]]
  }
}
