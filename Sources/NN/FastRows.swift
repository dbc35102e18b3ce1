internal import CKernels

/// Reads rows of a convolution's input into scratch memory: normalised, upsampled, padded by index.
struct FastReader {
  private let task: ConvolutionTask
  private let buffers: ConvolutionBuffers
  private let kernels: fast_kernels
  private var input: fast_input

  /// - Parameters:
  ///   - channels: what is read of each position; nil means all.
  ///   - type: what is written: floats, or pairs of bfloat16 in a float's place.
  init(
    _ task: ConvolutionTask, _ buffers: ConvolutionBuffers, _ kernels: fast_kernels,
    channels: Range<Int>? = nil, as type: Precision = .f32
  ) {
    self.task = task
    self.buffers = buffers
    self.kernels = kernels
    let channels = channels ?? 0..<task.inputChannels
    first = channels.lowerBound
    input = fast_input()
    input.type = task.storage.kernelType
    input.channels = channels.count
    input.row_step = task.inputChannels
    input.next = task.input.width * task.inputChannels * task.storage.bytes
    input.function = task.activation.kernelFunction
    input.to = type.kernelType
    if case .rms(let epsilon) = task.inputNorm {
      input.is_rms = 1
      input.epsilon = epsilon
    }
  }

  /// First channel that is read.
  private let first: Int

  /// Loads `count` positions as they are stored, from `position` of `frame` on.
  func load(
    frame: Int, position: Int, count: Int, into target: UnsafeMutablePointer<Float>, step: Int
  ) {
    var input = input
    let parameters =
      task.inputNorm == .affine(perFrame: true) ? frame * task.inputChannels + first : first
    if task.inputNorm != .none {
      input.scale = buffers.inputScale.map { $0 + parameters }
      input.shift = buffers.inputShift.map { $0 + parameters }
    }
    let start = (frame * task.input.height * task.input.width + position) * task.inputChannels
    kernels.load(
      &input, buffers.input + (start + first) * task.storage.bytes, count, target, step)
  }

  /// Loads `columns` of `row` of an input frame, both of which may lie outside.
  func load(
    frame: Int, row: Int, columns: Range<Int>, into target: UnsafeMutablePointer<Float>, step: Int
  ) {
    let (height, width) = (task.input.height, task.input.width)
    let isReplicated = task.padding == .causalReplicate
    let inside = columns.clamped(to: 0..<width)
    guard isReplicated || ((0..<height).contains(row) && !inside.isEmpty) else {
      target.update(repeating: 0, count: columns.count * step)
      return
    }
    let start = min(max(row, 0), height - 1) * width
    // In order of address: a row may be followed by values that the next one overwrites.
    func pad(_ outside: Range<Int>, with column: Int) {
      for place in outside {
        let target = target + (place - columns.lowerBound) * step
        if isReplicated {
          load(frame: frame, position: start + column, count: 1, into: target, step: step)
        } else {
          target.update(repeating: 0, count: step)
        }
      }
    }
    pad(columns.lowerBound..<max(columns.lowerBound, min(0, columns.upperBound)), with: 0)
    if !inside.isEmpty {
      load(
        frame: frame, position: start + inside.lowerBound, count: inside.count,
        into: target + (inside.lowerBound - columns.lowerBound) * step, step: step)
    }
    pad(
      min(max(width, columns.lowerBound), columns.upperBound)..<columns.upperBound, with: width - 1)
  }
}

/// Finishes rows of a convolution's sums and stores them.
struct FastWriter {
  private let task: ConvolutionTask
  private let buffers: ConvolutionBuffers
  private let kernels: fast_kernels
  private let firstChannel: Int
  private var output: fast_output

  /// - Parameter channels: what the sums hold of each position (without a norm); nil means all.
  init(
    _ task: ConvolutionTask, _ buffers: ConvolutionBuffers, _ kernels: fast_kernels,
    channels: Range<Int>? = nil
  ) {
    self.task = task
    self.buffers = buffers
    self.kernels = kernels
    firstChannel = channels?.lowerBound ?? 0
    output = fast_output()
    output.type = task.storage.kernelType
    output.channels = channels?.count ?? task.outputChannels
    output.row_step = task.outputChannels
    output.bias = buffers.bias.map { [firstChannel] in $0 + firstChannel }
    output.function = task.then.kernelFunction
    if let epsilon = task.thenNormEpsilon {
      output.scale = buffers.thenScale
      output.shift = buffers.thenShift
      output.epsilon = epsilon
    }
    output.adds_residual = task.addsResidual ? 1 : 0
  }

  /// Transforms a row of tiles back, finishes it, and stores what lies in the output.
  /// - Parameters:
  ///   - y: the first output row, and `x` the first column.
  ///   - columns: the columns wanted.
  ///   - statistics: if given, is added the sums and sums of squares, `[2][channels]` of all channels.
  func finish(
    _ tiles: fast_output_tiles, frame: Int, y: Int, x: Int, columns: Int,
    statistics: UnsafeMutablePointer<Double>?
  ) {
    var (tiles, output) = (tiles, output)
    let position = (frame * task.output.height + y) * task.output.width + x
    let sums = statistics.map { $0 + firstChannel }
    var target = fast_frame(
      out: buffers.output + (position * task.outputChannels + firstChannel) * task.storage.bytes,
      row_step: task.output.width * task.outputChannels,
      rows: min(Int(tiles.side), task.output.height - y), columns: columns, sums: sums,
      squares: sums.map { $0 + task.outputChannels })
    kernels.finish_tiles(&tiles, &output, &target)
  }

  /// Stores `count` positions, whose sums are `step` apart, from `position` of the output on.
  /// `statistics`, if given, is added their sums and sums of squares, `[2][channels]`.
  func finish(
    _ sums: UnsafeMutablePointer<Float>, step: Int, position: Int, count: Int,
    statistics: UnsafeMutablePointer<Double>?
  ) {
    var output = output
    let start = position * task.outputChannels + firstChannel
    kernels.finish(
      &output, sums, step, count, buffers.output + start * task.storage.bytes, statistics)
  }
}
