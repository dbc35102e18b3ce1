import Checkpoint

/// One run of a ``Convolution``: gathers what the engine needs and hands it over.
struct ConvolutionCall {
  let layer: Convolution
  let input: Activation
  let norm: Norm?
  let thenNorm: RMSNorm?
  let task: ConvolutionTask

  init(
    layer: Convolution, input: Activation, norm: Norm?, activation: ActivationFunction,
    upsampling: Upsampling, then: ActivationFunction, thenNorm: RMSNorm?, hasResidual: Bool,
    storage: Precision
  ) {
    precondition(
      input.channels == layer.inputChannels,
      "\(layer.weight.name): \(input.channels) channels, not \(layer.inputChannels)")
    self.layer = layer
    self.input = input
    self.norm = norm
    self.thenNorm = thenNorm
    let upsampled = upsampling.extent(of: input.extent)
    let inputNorm: ConvolutionTask.InputNorm =
      switch norm {
      case nil: .none
      case .group(let norm): .affine(perFrame: norm.isPerFrame)
      case .rms(let norm): .rms(epsilon: norm.epsilon)
      }
    task = ConvolutionTask(
      input: input.extent,
      output: layer.padding.outputExtent(
        of: upsampled, kernel: layer.kernel, stride: layer.stride),
      inputChannels: layer.inputChannels, outputChannels: layer.outputChannels,
      groups: layer.groups, kernel: layer.kernel, stride: layer.stride, padding: layer.padding,
      upsampling: upsampling, inputNorm: inputNorm, activation: activation,
      hasBias: layer.bias != nil, then: then, thenNormEpsilon: thenNorm?.epsilon,
      addsResidual: hasResidual, storage: storage)
  }

  func run(into output: Activation, _ c: ComputeContext) throws {
    precondition(
      output.extent == task.output && output.channels == task.outputChannels,
      "\(layer.weight.name): the residual is \(output.extent), the result \(task.output)")
    precondition(output !== input, "\(layer.weight.name): cannot work in its input's memory")
    c.note([layer.weight, layer.bias] + (norm?.weights ?? []))
    c.note([thenNorm?.weight, thenNorm?.bias])

    let inputNorm = try norm.map { try NormParameters($0, of: input, c) }
    let packed = try PackedWeights(layer, task, c)
    let bias = try layer.bias.map { try c.vector($0) }
    let thenScale = try (thenNorm?.weight).map { try c.vector($0) }
    let thenShift = try (thenNorm?.bias).map { try c.vector($0) }
    output.sums = nil
    if c.engine.gathersSums(for: task) {
      let count = task.output.frames * 2 * task.outputChannels
      output.sums = try c.arena.allocate(count * MemoryLayout<Double>.stride)
    }
    let workspace = try c.arena.allocate(c.engine.workspaceBytes(for: task, workers: c.threads))

    try c.perform(
      "convolution \(task.kernel.t)x\(task.kernel.h)x\(task.kernel.w)",
      layer: layer.weight.layerName, output: output, multiplyAdds: task.multiplyAdds,
      effective: c.engine.effectiveMultiplyAdds(of: task)
    ) {
      let buffers = ConvolutionBuffers(
        input: input.block.pointer, weights: packed.pointer,
        bias: bias?.pointer(as: Float.self),
        inputScale: inputNorm?.scale.pointer(as: Float.self),
        inputShift: inputNorm?.shift.pointer(as: Float.self),
        thenScale: thenScale?.pointer(as: Float.self),
        thenShift: thenShift?.pointer(as: Float.self),
        output: output.block.pointer, outputSums: output.sums?.pointer(as: Double.self),
        workspace: workspace.pointer)
      try c.engine.convolve(task, buffers, on: c.workers)
    }
  }

  /// A pointwise convolution without norm or residual whose result overwrites its input from the
  /// start on, a run of positions at a time: what is overwritten has been read.
  func runInPlace(_ c: ComputeContext) throws {
    c.note([layer.weight, layer.bias])
    let (positions, run) = (input.extent.positions, 16384)
    let tail = positions % run
    try overwrite(0..<positions - tail, run: run, c)
    try overwrite(positions - tail..<positions, run: tail, c)
  }

  /// Runs of `run` positions, all of `range`.
  private func overwrite(_ range: Range<Int>, run: Int, _ c: ComputeContext) throws {
    guard !range.isEmpty else { return }
    var task = task
    task.input = Extent(frames: 1, height: 1, width: run)
    task.output = task.input
    let packed = try PackedWeights(layer, task, c)
    let bias = try layer.bias.map { try c.vector($0) }
    let rowBytes = task.outputChannels * task.storage.bytes
    let result = try c.arena.allocate(run * rowBytes)
    let workspace = try c.arena.allocate(c.engine.workspaceBytes(for: task, workers: c.threads))
    try c.perform(
      "convolution in place", layer: layer.weight.layerName, output: input,
      multiplyAdds: task.multiplyAdds * (range.count / run)
    ) {
      let memory = input.block.pointer
      for start in stride(from: range.lowerBound, to: range.upperBound, by: run) {
        let buffers = ConvolutionBuffers(
          input: memory + start * task.inputChannels * task.storage.bytes,
          weights: packed.pointer, bias: bias?.pointer(as: Float.self),
          output: result.pointer, workspace: workspace.pointer)
        try c.engine.convolve(task, buffers, on: c.workers)
        (memory + start * rowBytes).copyMemory(from: result.pointer, byteCount: run * rowBytes)
      }
    }
  }
}

/// A convolution's weights as its engine wants them: kept for later calls, or made for this one in
/// the arena.
struct PackedWeights {
  private let kept: UnsafeMutableRawPointer?
  private let block: ArenaBlock?

  init(_ layer: Convolution, _ task: ConvolutionTask, _ c: ComputeContext) throws {
    let packing = c.engine.packing(for: task)
    if packing.isKept {
      block = nil
      kept = try c.keptWeights.weights(of: layer.identity, packing) {
        try Self.pack(layer.weight, task, into: $0, c)
      }
    } else {
      kept = nil
      let block = try c.arena.allocate(packing.bytes)
      try Self.pack(layer.weight, task, into: c.isPlanning ? nil : block.pointer, c)
      self.block = block
    }
  }

  var pointer: UnsafeRawPointer {
    guard let pointer = kept ?? block?.pointer else {
      preconditionFailure("a planned run has no weights")
    }
    return UnsafeRawPointer(pointer)
  }

  private static func pack(
    _ weight: Weight, _ task: ConvolutionTask, into target: UnsafeMutableRawPointer?,
    _ c: ComputeContext
  ) throws {
    let values = try c.vector(weight)
    guard let target else { return }
    try c.engine.pack(values.pointer(as: Float.self), into: target, for: task, on: c.workers)
  }
}

extension ComputeContext {
  /// The values of `weight` in float32, in the arena.
  func vector(_ weight: Weight) throws -> ArenaBlock {
    let block = try arena.allocate(weight.shape.reduce(1, *) * MemoryLayout<Float>.stride)
    guard !isPlanning else { return block }
    let (values, count, piece) = (block.pointer(as: Float.self), weight.count, 1 << 17)
    if weight.isDense && count > piece {
      workers.run(blocks: (count + piece - 1) / piece) { index, _ in
        let range = index * piece..<min((index + 1) * piece, count)
        weight.copy(range, to: values + range.lowerBound)
      }
    } else {
      weight.copy(to: values)
    }
    weight.releasePages()
    return block
  }
}

extension Weight {
  /// Name without its last component: the layer that holds it.
  var layerName: String {
    name.lastIndex(of: ".").map { String(name[..<$0]) } ?? ""
  }
}
