/// How a 3-tap (or 1-tap) convolution along time is cut into products with fewer multiply-adds.
///
/// Without upsampling two output frames take four products in place of six (F(2, 3) with the points
/// 0, 1, −1 and infinity). Of a time-upsampled input each pair of frames that sees the same two input
/// frames takes three products in place of four: both halves of the pair share the product of the
/// taps' sum. With stride 2 two output frames take five.
enum FastTime {
  /// What one product adds to an output frame of its step.
  struct Contribution: Hashable {
    var output: Int
    var factor: Float
  }

  /// Transformed weights `set` times `Σ factor · frame` over at most two of the step's frames.
  struct Product: Hashable {
    var set: Int
    var first: (frame: Int, factor: Float)
    var second: (frame: Int, factor: Float)?
    var contributions: [Contribution]

    static func == (a: Product, b: Product) -> Bool {
      a.set == b.set && a.contributions == b.contributions && a.hasSameInput(as: b)
    }

    func hash(into hasher: inout Hasher) {
      hasher.combine(set)
      hasher.combine(first.frame)
      hasher.combine(contributions)
    }

    /// Whether both multiply the same combination of frames.
    func hasSameInput(as other: Product) -> Bool {
      first == other.first && second?.frame == other.second?.frame
        && second?.factor == other.second?.factor
    }
  }

  /// The products of a step that makes one or two output frames.
  struct Kind: Hashable {
    var products: [Product]
    var outputs: Int
  }

  /// One run of a kind: the input frames it takes (nil: zeros), and the output frames it makes.
  struct Step: Hashable {
    var inputs: [Int?]
    var outputs: [Int]
  }

  /// Steps of one kind.
  struct Group: Hashable {
    var kind: Kind
    var steps: [Step]
  }

  /// All steps of `task`, by kind.
  static func groups(for task: ConvolutionTask) -> [Group] {
    guard task.kernel.t == 3 else {
      let steps = (0..<task.output.frames).map { Step(inputs: [$0], outputs: [$0]) }
      return [Group(kind: single(set: 0, factor: 1), steps: steps)]
    }
    return switch task.upsampling {
    case .nearest(.causal, _), .nearest(.double, _): upsampled(task)
    default: task.stride.t == 2 ? strided(task) : plain(task)
    }
  }

  /// For each set of weights the factors of the temporal taps.
  static func sets(for task: ConvolutionTask) -> [[Float]] {
    guard task.kernel.t == 3 else { return [[1]] }
    return switch task.upsampling {
    case .nearest(.causal, _), .nearest(.double, _):
      [[0.5, 0.5, 0.5], [-0.5, -0.5, 0.5], [-0.5, 0.5, 0.5]]
    default:
      task.stride.t == 2
        ? [[1, 0, 0], [1, 0, 1], [0, 0, 1], [0, 1, 0], [1, 1, 1]]
        : [[1, 0, 0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0, 0, 1]]
    }
  }

  /// A frame that all taps see: times `factor`, with the set that holds their sum.
  private static func single(set: Int, factor: Float) -> Kind {
    let product = Product(
      set: set, first: (0, factor), contributions: [Contribution(output: 0, factor: 1)])
    return Kind(products: [product], outputs: 1)
  }

  private static func plain(_ task: ConvolutionTask) -> [Group] {
    let (frames, isCausal) = (task.input.frames, task.padding == .causalReplicate)
    var groups: [Group] = []
    // The first frame of a causal convolution is replicated in front: all taps see it.
    if isCausal {
      groups.append(
        Group(kind: single(set: 1, factor: 2), steps: [Step(inputs: [0], outputs: [0])]))
    }
    let first = isCausal ? 1 : 0
    func step(_ output: Int, count: Int) -> Step {
      let inputs = (0..<count + 2).map { tap -> Int? in
        let frame = output + tap - (isCausal ? 2 : 1)
        return isCausal ? max(frame, 0) : (0..<frames).contains(frame) ? frame : nil
      }
      return Step(inputs: inputs, outputs: Array(output..<output + count))
    }
    let pairs = stride(from: first, to: frames - 1, by: 2).map { step($0, count: 2) }
    if !pairs.isEmpty { groups.append(Group(kind: pair, steps: pairs)) }
    if (frames - first) % 2 == 1 {
      groups.append(Group(kind: tail, steps: [step(frames - 1, count: 1)]))
    }
    return groups
  }

  /// Two output frames of four inputs by F(2, 3).
  static let pair = Kind(
    products: [
      Product(set: 0, first: (0, 1), second: (2, -1), contributions: [.init(output: 0, factor: 1)]),
      Product(
        set: 1, first: (1, 1), second: (2, 1),
        contributions: [.init(output: 0, factor: 1), .init(output: 1, factor: 1)]),
      Product(
        set: 2, first: (2, 1), second: (1, -1),
        contributions: [.init(output: 0, factor: 1), .init(output: 1, factor: -1)]),
      Product(
        set: 3, first: (1, 1), second: (3, -1), contributions: [.init(output: 1, factor: -1)]),
    ], outputs: 2)

  /// The first half of a pair.
  private static let tail = Kind(
    products: pair.products.prefix(3).map { product in
      var product = product
      product.contributions.removeAll { $0.output == 1 }
      return product
    }, outputs: 1)

  private static func strided(_ task: ConvolutionTask) -> [Group] {
    let (frames, isCausal) = (task.output.frames, task.padding == .causalReplicate)
    var groups: [Group] = []
    if isCausal {
      groups.append(
        Group(kind: single(set: 4, factor: 1), steps: [Step(inputs: [0], outputs: [0])]))
    }
    func step(_ output: Int, count: Int) -> Step {
      let inputs = (0..<2 * count + 1).map { tap -> Int? in
        let frame = 2 * output + tap - task.leadingPadding.t
        return (0..<task.input.frames).contains(frame) ? frame : nil
      }
      return Step(inputs: inputs, outputs: Array(output..<output + count))
    }
    let first = isCausal ? 1 : 0
    let pairs = stride(from: first, to: frames - 1, by: 2).map { step($0, count: 2) }
    if !pairs.isEmpty { groups.append(Group(kind: stridedPair, steps: pairs)) }
    if (frames - first) % 2 == 1 {
      groups.append(Group(kind: stridedTail, steps: [step(frames - 1, count: 1)]))
    }
    return groups
  }

  /// Frames 0, 2 and 4 by F(2, 2), frames 1 and 3 as defined.
  private static let stridedPair = Kind(
    products: [
      Product(set: 0, first: (0, 1), second: (2, -1), contributions: [.init(output: 0, factor: 1)]),
      Product(
        set: 1, first: (2, 1),
        contributions: [.init(output: 0, factor: 1), .init(output: 1, factor: 1)]),
      Product(set: 2, first: (4, 1), second: (2, -1), contributions: [.init(output: 1, factor: 1)]),
      Product(set: 3, first: (1, 1), contributions: [.init(output: 0, factor: 1)]),
      Product(set: 3, first: (3, 1), contributions: [.init(output: 1, factor: 1)]),
    ], outputs: 2)

  /// One frame, as defined.
  private static let stridedTail = Kind(
    products: [(set: 0, frame: 0), (3, 1), (2, 2)].map { set, frame in
      Product(set: set, first: (frame, 1), contributions: [.init(output: 0, factor: 1)])
    }, outputs: 1)

  private static func upsampled(_ task: ConvolutionTask) -> [Group] {
    let (frames, isCausal) = (task.input.frames, task.padding == .causalReplicate)
    let pairs = (1..<max(frames, 1)).map { frame in
      let output = 2 * frame - 1
      return Step(inputs: [frame - 1, frame], outputs: [output, output + 1])
    }
    var groups: [Group] = []
    if isCausal {
      groups.append(
        Group(kind: single(set: 0, factor: 2), steps: [Step(inputs: [0], outputs: [0])]))
    } else {
      groups.append(
        Group(kind: upsampledEnd(half: 1), steps: [Step(inputs: [nil, 0], outputs: [0])]))
      groups.append(
        Group(
          kind: upsampledEnd(half: 0),
          steps: [Step(inputs: [frames - 1, nil], outputs: [2 * frames - 1])]))
    }
    if !pairs.isEmpty { groups.append(Group(kind: upsampledPair, steps: pairs)) }
    return groups
  }

  private static let upsampledPair = Kind(
    products: [
      Product(
        set: 0, first: (0, 1), second: (1, 1),
        contributions: [.init(output: 0, factor: 1), .init(output: 1, factor: 1)]),
      Product(set: 1, first: (1, 1), second: (0, -1), contributions: [.init(output: 0, factor: 1)]),
      Product(set: 2, first: (1, 1), second: (0, -1), contributions: [.init(output: 1, factor: 1)]),
    ], outputs: 2)

  /// One half of an upsampled pair.
  private static func upsampledEnd(half: Int) -> Kind {
    let products = upsampledPair.products.compactMap { product -> Product? in
      guard product.contributions.contains(where: { $0.output == half }) else { return nil }
      var product = product
      product.contributions = [Contribution(output: 0, factor: 1)]
      return product
    }
    return Kind(products: products, outputs: 1)
  }
}
