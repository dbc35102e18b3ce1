internal import CKernels

/// The packed weights of a convolution by ``FastSpace`` and ``FastTime``.
///
/// `[set][product][panel of 32 output channels][term][input channel][32]`, float32, or
/// `[product][set]...` where all sets are read at one point after the other; the last panel has 16
/// columns where that is enough. Sets are the combinations of temporal taps that ``FastTime`` uses.
struct FastWeights {
  let task: ConvolutionTask
  /// The sets that the task's steps use, in order.
  let usedSets: [Int]
  let space: FastSpace
  private let isByPoint: Bool

  init(_ task: ConvolutionTask, groups: [FastTime.Group]) {
    self.task = task
    usedSets = Set(groups.flatMap { $0.kind.products.map(\.set) }).sorted()
    space = FastSpace(task)
    isByPoint = FastTime.takesFours(task)
  }

  private var columns: Int { fast_padded(task.outputChannels) }
  /// Values of one matrix.
  var matrixCount: Int { columns * task.inputChannels }
  var bytes: Int { usedSets.count * space.matrices * matrixCount * MemoryLayout<Float>.stride }
  /// Values between sets, and between the matrices of one.
  var setStep: Int { (isByPoint ? 1 : space.matrices) * matrixCount }
  var matrixStep: Int { (isByPoint ? usedSets.count : 1) * matrixCount }
  /// Differs where the same layer would be packed otherwise.
  var layout: Int {
    let time = FastTime.sets(for: task).count
    let algorithm = Int(space.algorithm.rawValue) << 1 | (space.isUpsampled ? 1 : 0)
    return usedSets.reduce(time << 12 | algorithm << 8) { $0 | 1 << $1 } + 1
  }

  /// Where the weights of `set` for `product` begin.
  func offset(set: Int, product: Int) -> Int {
    (usedSets.firstIndex(of: set) ?? 0) * setStep + space.starts[product] * matrixStep
  }

  /// Where the weights of a panel's columns, from `column` on, begin for each matrix of a set.
  private func places(column: Int, width: Int) -> [Int] {
    var places = Array(repeating: 0, count: space.matrices)
    for (start, terms) in zip(space.starts, space.terms) {
      for (index, term) in terms.enumerated() {
        places[term.matrix] =
          start * matrixStep + (terms.count * column + index * width) * task.inputChannels
      }
    }
    return places
  }

  func pack(
    _ weights: UnsafePointer<Float>, into packed: UnsafeMutablePointer<Float>,
    kernels: fast_kernels, on workers: WorkerPool
  ) {
    let sets = FastTime.sets(for: task)
    let time = usedSets.flatMap { sets[$0] }
    let axis = (0..<space.matricesPerAxis).flatMap(space.factors)
    let (inputs, outputs) = (task.inputChannels, task.outputChannels)
    let (width, inputBlock) = (Int(fast_panel_width), 64)
    let panels = (columns + width - 1) / width
    let inputBlocks = (inputs + inputBlock - 1) / inputBlock
    workers.run(blocks: panels * inputBlocks) { block, _ in
      let column = block % panels * width
      let firstInput = block / panels * inputBlock
      let panelWidth = min(width, columns - column)
      let places = places(column: column, width: panelWidth)
      time.withUnsafeBufferPointer { time in
        axis.withUnsafeBufferPointer { axis in
          places.withUnsafeBufferPointer { places in
            var call = fast_weight_tiles(
              weights: weights, inputs: inputs, taps: task.kernel.t, first_out: column,
              outs: min(width, outputs - column), first_in: firstInput,
              ins: min(inputBlock, inputs - firstInput), time: time.baseAddress,
              sets: usedSets.count, space: axis.baseAddress, points: space.matricesPerAxis,
              width: panelWidth, out: packed + firstInput * panelWidth, set_step: setStep,
              places: places.baseAddress)
            kernels.transform_weights(&call)
          }
        }
      }
    }
  }
}
