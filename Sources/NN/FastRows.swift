internal import CKernels

/// Where the rows of scratch memory lie, in floats: steps between rows, and between the lines of 16
/// values of one.
struct FastSteps {
  var row: Int
  var line: Int

  init(row: Int, line: Int) {
    self.row = row
    self.line = line
  }

  /// Rows of `width` values that lie together.
  init(rowsOf width: Int) {
    self.init(row: width, line: Int(fast_lane_count))
  }

  /// Each line of `count` rows next to those of the others, as products want it.
  init(linesOf count: Int) {
    self.init(row: Int(fast_lane_count), line: count * Int(fast_lane_count))
  }

  /// `rows` rows as operands or results of products.
  func lines(rows: Int) -> fast_lines {
    fast_lines(group: rows, group_step: 0, line_step: line)
  }
}

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
    let places = type == .f32 ? channels.count : (channels.count + 1) / 2
    lines = fast_padded(places) / Int(fast_lane_count)
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

  /// What the input is padded with in front.
  var padding: Axes { task.leadingPadding }
  /// First channel that is read.
  private let first: Int
  /// Lines that a position takes.
  private let lines: Int

  /// Loads `count` positions as they are stored, each `stride`-th from `position` of `frame` on.
  func load(
    frame: Int, position: Int, count: Int, every stride: Int = 1,
    into target: UnsafeMutablePointer<Float>, steps: FastSteps
  ) {
    var input = input
    input.row_step *= stride
    let parameters =
      task.inputNorm == .affine(perFrame: true) ? frame * task.inputChannels + first : first
    if task.inputNorm != .none {
      input.scale = buffers.inputScale.map { $0 + parameters }
      input.shift = buffers.inputShift.map { $0 + parameters }
    }
    let start = (frame * task.input.height * task.input.width + position) * task.inputChannels
    kernels.load(
      &input, buffers.input + (start + first) * task.storage.bytes, count, target, steps.row,
      steps.line)
  }

  /// Loads each `stride`-th of `columns` of `row` of an input frame, both of which may lie outside.
  func load(
    frame: Int, row: Int, columns: Range<Int>, every stride: Int = 1,
    into target: UnsafeMutablePointer<Float>, steps: FastSteps
  ) {
    let (height, width) = (task.input.height, task.input.width)
    let isReplicated = task.padding == .causalReplicate
    /// How many of the columns come before column `end`.
    func count(before end: Int) -> Int {
      let count = min(max(end, columns.lowerBound), columns.upperBound) - columns.lowerBound
      return stride == 1 ? count : (count + stride - 1) / stride
    }
    let all = count(before: columns.upperBound)
    let inside = count(before: 0)..<count(before: width)
    guard isReplicated || ((0..<height).contains(row) && !inside.isEmpty) else {
      return clear(all, target, steps)
    }
    let start = min(max(row, 0), height - 1) * width
    func pad(_ places: Range<Int>, with column: Int) {
      guard isReplicated else {
        return clear(places.count, target + places.lowerBound * steps.row, steps)
      }
      for place in places {
        load(
          frame: frame, position: start + column, count: 1, into: target + place * steps.row,
          steps: steps)
      }
    }
    pad(0..<inside.lowerBound, with: 0)
    if !inside.isEmpty {
      load(
        frame: frame, position: start + columns.lowerBound + inside.lowerBound * stride,
        count: inside.count, every: stride, into: target + inside.lowerBound * steps.row,
        steps: steps)
    }
    pad(inside.upperBound..<all, with: width - 1)
  }

  /// Makes `count` positions zero.
  func clear(_ count: Int, _ target: UnsafeMutablePointer<Float>, _ steps: FastSteps) {
    for line in 0..<lines {
      for row in 0..<count {
        (target + line * steps.line + row * steps.row)
          .update(repeating: 0, count: Int(fast_lane_count))
      }
    }
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
    output.streams = streams ? 1 : 0
  }

  /// Whether the output goes past the cache. One of so many values the next layer does not find there
  /// anyway, and to be written it would be read into it first.
  private var streams: Bool {
    // All three are multiples where the bits of none lie below.
    let places = task.outputChannels | output.channels | firstChannel
    return task.output.positions * task.outputChannels >= 4 << 20 && task.storage == .f32
      && !task.addsResidual && Int(bitPattern: buffers.output).isMultiple(of: Arena.alignment)
      && places.isMultiple(of: Int(fast_lane_count))
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
    var target = target(tiles, frame: frame, y: y, x: x, columns: columns, statistics: statistics)
    kernels.finish_tiles(&tiles, &output, &target)
  }

  private func target(
    _ tiles: fast_output_tiles, frame: Int, y: Int, x: Int, columns: Int,
    statistics: UnsafeMutablePointer<Double>?
  ) -> fast_frame {
    let position = (frame * task.output.height + y) * task.output.width + x
    let sums = statistics.map { $0 + firstChannel }
    return fast_frame(
      out: buffers.output + (position * task.outputChannels + firstChannel) * task.storage.bytes,
      row_step: task.output.width * task.outputChannels,
      rows: min(fast_side(tiles.algorithm), task.output.height - y), columns: columns, sums: sums,
      squares: sums.map { $0 + task.outputChannels })
  }

  /// Stores `count` positions from `position` of the output on. `statistics`, if given, is added their
  /// sums and sums of squares, `[2][channels]` of all channels.
  func finish(
    _ sums: UnsafeMutablePointer<Float>, steps: FastSteps, position: Int, count: Int,
    statistics: UnsafeMutablePointer<Double>?
  ) {
    var output = output
    let start = position * task.outputChannels + firstChannel
    let totals = statistics.map { $0 + firstChannel }
    kernels.finish(
      &output, sums, steps.row, steps.line, count, buffers.output + start * task.storage.bytes,
      totals, totals.map { $0 + task.outputChannels })
  }
}
