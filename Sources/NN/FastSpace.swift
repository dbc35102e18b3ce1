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
  /// For each product what it is the sum of.
  let terms: [[Term]]
  /// For each product the matrices of those before.
  let starts: [Int]

  /// The one with the least products for `task`. F(6×6) has 1.8 times as many weights: where they are
  /// large, along time six times as large, making and reading them takes what it saves. Along time it is
  /// for layers whose products take longer than their transforms.
  init(_ task: ConvolutionTask) {
    isUpsampled = task.upsampling.spaceFactor == 2
    let four = Self.grid(task, FAST_F4)
    let six = Self.grid(task, FAST_F6)
    let weights = task.inputChannels * task.outputChannels
    let isSuited =
      task.kernel.t == 1
      ? weights <= 1 << 18
      : FastTime.takesFours(task) && (1 << 12...1 << 16).contains(weights)
    let isLess = 64 * six.h * six.w < 36 * four.h * four.w
    algorithm =
      task.stride.h == 2 ? FAST_F4_STRIDED : !isUpsampled && isSuited && isLess ? FAST_F6 : FAST_F4
    (terms, starts) =
      isUpsampled
      ? Self.upsampled
      : algorithm == FAST_F6 ? Self.plainSix : algorithm == FAST_F4 ? Self.plainFour : Self.strided
  }

  // A space is made several times for each call of a layer; what its products are is the same for all.
  private static let plainFour = sums(points(6), inputs: 6, matrices: 6)
  private static let plainSix = sums(points(8), inputs: 8, matrices: 8)
  private static let upsampled = sums(
    (0..<Int(fast_upsampled_count)).map {
      [Term(point: fast_upsampled_point($0), matrix: $0)]
    }, inputs: 6, matrices: Int(fast_upsampled_count))
  /// Odd samples have no product at infinity, the last point.
  private static let strided = sums(
    (0..<4).map { [Term(point: $0, matrix: $0), Term(point: 5 + $0, matrix: 5 + $0)] }
      + [[Term(point: 4, matrix: 4)]], inputs: 9, matrices: 9)

  private static func points(_ count: Int) -> [[Term]] {
    (0..<count).map { [Term(point: $0, matrix: $0)] }
  }

  /// Both axes' products from one's.
  private static func sums(_ axis: [[Term]], inputs: Int, matrices: Int) -> (
    terms: [[Term]], starts: [Int]
  ) {
    let terms = axis.flatMap { row in
      axis.map { column in
        row.flatMap { y in
          column.map { x in
            Term(point: y.point * inputs + x.point, matrix: y.matrix * matrices + x.matrix)
          }
        }
      }
    }
    return (terms, terms.reduce(into: [0]) { $0.append(($0.last ?? 0) + $1.count) })
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

  var products: Int { terms.count }
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

  /// The factors of three taps at the points of F(4, 3).
  static let four: [[Float]] = [
    [1 / 4, 0, 0], [-1 / 6, -1 / 6, -1 / 6], [-1 / 6, 1 / 6, -1 / 6],
    [1 / 24, 1 / 12, 1 / 6], [1 / 24, -1 / 12, 1 / 6], [0, 0, 1],
  ]

  /// The factors of an axis' three taps in one of its matrices.
  func factors(_ matrix: Int) -> [Float] {
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
      return (algorithm == FAST_F6 ? six : algorithm == FAST_F4 ? Self.four : strided)[matrix]
    }
    // Even samples of the upsampled axis see the input through (w0, w1 + w2, 0), odd ones through
    // (0, w0 + w1, w2).
    let row = Self.four[fast_upsampled_point(matrix)]
    return matrix < 5 ? [row[0], row[1], row[1]] : [row[1], row[1], row[2]]
  }
}
