/// How a 3-tap (or 1-tap) convolution along time is cut into products with fewer multiply-adds.
///
/// Without upsampling four output frames take six products in place of twelve (F(4, 3), as ``FastSpace``
/// has it), or two take four in place of six (F(2, 3) with the points 0, 1, −1 and infinity). Of a
/// time-upsampled input each pair of frames that sees the same two input frames takes three products in
/// place of four: both halves of the pair share the product of the taps' sum. With stride 2 two output
/// frames take five.
enum FastTime {
  /// What a product sees of an input frame of its step.
  struct Input: Hashable {
    var frame: Int
    var factor: Float
  }

  /// What one product adds to an output frame of its step.
  struct Contribution: Hashable {
    var output: Int
    var factor: Float
  }

  /// Transformed weights `set` times the sum of `inputs`, two at most, added to as many outputs.
  struct Product: Hashable {
    var set: Int
    var inputs: [Input]
    var contributions: [Contribution]

    init(set: Int, _ inputs: [(frame: Int, factor: Float)], _ contributions: [(Int, Float)]) {
      self.set = set
      self.inputs = inputs.map { Input(frame: $0.frame, factor: $0.factor) }
      self.contributions = contributions.map { Contribution(output: $0.0, factor: $0.1) }
    }
  }

  /// The products of a step that makes one, two or four output frames.
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

  /// Whether a layer takes four frames at a time where it has them: where that spares more products than
  /// it takes to make and read half as many weights again.
  static func takesFours(_ task: ConvolutionTask) -> Bool {
    // The first frame of a causal convolution is made by itself.
    let frames = task.output.frames - (task.padding == .causalReplicate ? 1 : 0)
    guard
      frames >= 4 && task.kernel.t == 3 && task.stride == Axes(t: 1, h: 1, w: 1)
        && task.upsampling == .none
    else { return false }
    let rows = frames * task.output.height * task.output.width / (4 * 16)
    return task.inputChannels * task.outputChannels <= 1 << 14 || rows >= 256
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
      takesFours(task)
        ? FastSpace.four
        : task.stride.t == 2
          ? [[1, 0, 0], [1, 0, 1], [0, 0, 1], [0, 1, 0], [1, 1, 1]]
          : [[1, 0, 0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0, 0, 1]]
    }
  }

  /// A frame that all taps see: times `factor`, with the set that holds their sum.
  private static func single(set: Int, factor: Float) -> Kind {
    Kind(products: [Product(set: set, [(0, factor)], [(0, 1)])], outputs: 1)
  }

  private static func plain(_ task: ConvolutionTask) -> [Group] {
    let (frames, isCausal) = (task.input.frames, task.padding == .causalReplicate)
    let takesFours = takesFours(task)
    var groups: [Group] = []
    // The first frame of a causal convolution is replicated in front: all taps see it.
    if isCausal {
      groups.append(
        Group(
          kind: single(set: 1, factor: takesFours ? -6 : 2),
          steps: [Step(inputs: [0], outputs: [0])]))
    }
    func step(_ output: Int, count: Int) -> Step {
      let inputs = (0..<count + 2).map { tap -> Int? in
        let frame = output + tap - (isCausal ? 2 : 1)
        return isCausal ? max(frame, 0) : (0..<frames).contains(frame) ? frame : nil
      }
      return Step(inputs: inputs, outputs: Array(output..<output + count))
    }
    var first = isCausal ? 1 : 0
    /// Makes steps of `kind` as long as there are frames enough.
    func add(_ kind: Kind) {
      let steps = stride(from: first, through: frames - kind.outputs, by: kind.outputs)
        .map { step($0, count: kind.outputs) }
      guard !steps.isEmpty else { return }
      groups.append(Group(kind: kind, steps: steps))
      first += steps.count * kind.outputs
    }
    if takesFours { add(cube) }
    let pair = takesFours ? pairAmongFours : plainPair
    add(pair)
    add(tail(of: pair))
    return groups
  }

  /// Four output frames of six inputs by F(4, 3), whose transforms are kernels of their own.
  static let cube = Kind(products: (0..<6).map { Product(set: $0, [], []) }, outputs: 4)

  /// Two output frames of four inputs by F(2, 3).
  private static let plainPair = pair(of: [(0, 1), (1, 1), (2, 1), (3, 1)])
  /// The same with the sets of F(4, 3), which have other factors.
  private static let pairAmongFours = pair(of: [(0, 4), (1, -3), (2, -3), (5, 1)])

  private static func pair(of sets: [(set: Int, factor: Float)]) -> Kind {
    func product(
      _ index: Int, _ first: Int, _ second: (frame: Int, factor: Float),
      _ contributions: [(Int, Float)]
    ) -> Product {
      let (set, factor) = sets[index]
      return Product(
        set: set, [(first, factor), (second.frame, second.factor * factor)], contributions)
    }
    return Kind(
      products: [
        product(0, 0, (2, -1), [(0, 1)]),
        product(1, 1, (2, 1), [(0, 1), (1, 1)]),
        product(2, 2, (1, -1), [(0, 1), (1, -1)]),
        product(3, 1, (3, -1), [(1, -1)]),
      ], outputs: 2)
  }

  /// The first half of a pair.
  private static func tail(of pair: Kind) -> Kind {
    Kind(
      products: pair.products.prefix(3).map { product in
        var product = product
        product.contributions.removeAll { $0.output == 1 }
        return product
      }, outputs: 1)
  }

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
      Product(set: 0, [(0, 1), (2, -1)], [(0, 1)]),
      Product(set: 1, [(2, 1)], [(0, 1), (1, 1)]),
      Product(set: 2, [(4, 1), (2, -1)], [(1, 1)]),
      Product(set: 3, [(1, 1)], [(0, 1)]),
      Product(set: 3, [(3, 1)], [(1, 1)]),
    ], outputs: 2)

  /// One frame, as defined.
  private static let stridedTail = Kind(
    products: [(set: 0, frame: 0), (3, 1), (2, 2)].map { set, frame in
      Product(set: set, [(frame, 1)], [(0, 1)])
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
      Product(set: 0, [(0, 1), (1, 1)], [(0, 1), (1, 1)]),
      Product(set: 1, [(1, 1), (0, -1)], [(0, 1)]),
      Product(set: 2, [(1, 1), (0, -1)], [(1, 1)]),
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
