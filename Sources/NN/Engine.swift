/// What computes convolutions and attention: the two operations worth more than one implementation.
///
/// An engine is handed plain-value tasks and raw pointers into channels-last memory
/// (`[frames, height, width, channels]`, stored as the task's `storage` says). It allocates nothing
/// that grows with the clip: it says beforehand how many bytes of packed weights and workspace a
/// task takes, the context takes them from its arena, and so a dry run that never calls `pack`,
/// `convolve` or `attend` knows the exact peak. Sizes must depend on the task and the number of
/// workers alone.
///
/// Work is cut into blocks whose bounds depend on the task only, never on the number of workers, so
/// that results are the same bits at any thread count.
protocol Engine: AnyObject {
  /// Shown to users, as "plain (avx512)".
  var name: String { get }
  /// Called once on every worker thread, before it computes.
  var prepareThread: @Sendable () -> Void { get }

  /// How the weights of `task` are laid out for this engine.
  func packing(for task: ConvolutionTask) -> WeightPacking
  /// Lays out `weights`, float32 in checkpoint order `[out, in/groups, kt, kh, kw]`, in `packed`,
  /// which has the bytes that ``packing(for:)`` named and is aligned to 64 bytes.
  func pack(
    _ weights: UnsafePointer<Float>, into packed: UnsafeMutableRawPointer,
    for task: ConvolutionTask, on workers: WorkerPool) throws

  /// Bytes of scratch memory ``convolve(_:_:on:)`` takes.
  func workspaceBytes(for task: ConvolutionTask, workers: Int) -> Int
  /// Multiply-adds really carried out; at most `task.multiplyAdds` where the algorithm saves some.
  func effectiveMultiplyAdds(of task: ConvolutionTask) -> Int
  /// Whether ``convolve(_:_:on:)`` fills `outputSums` (see ``ConvolutionBuffers``) for `task`.
  func gathersSums(for task: ConvolutionTask) -> Bool
  /// norm → activation → upsampling → convolution + bias → activation → RMS norm → + residual.
  func convolve(
    _ task: ConvolutionTask, _ buffers: ConvolutionBuffers, on workers: WorkerPool) throws

  /// Bytes of scratch memory ``attend(_:_:on:)`` takes.
  func workspaceBytes(for task: AttentionTask, workers: Int) -> Int
  /// Softmax attention with one head: `output = softmax(q kᵀ / √channels) v`.
  func attend(_ task: AttentionTask, _ buffers: AttentionBuffers, on workers: WorkerPool) throws
}

/// Layout of one convolution's packed weights.
struct WeightPacking: Hashable, Sendable {
  /// Names the layout: tasks of one layer with equal `layout` share their packed weights.
  var layout: Int
  /// Size of the packed weights.
  var bytes: Int
  /// Whether they stay for the next call; if not, they are packed anew into the arena each time.
  var isKept: Bool
}

/// One convolution call in plain values.
struct ConvolutionTask: Hashable, Sendable {
  /// How the input is normalised while it is read.
  enum InputNorm: Hashable, Sendable {
    case none
    /// `x·scale + shift` per channel: a group norm whose statistics are known. With `perFrame`,
    /// scale and shift are `[frames, channels]`, else `[channels]`.
    case affine(perFrame: Bool)
    /// RMS norm over the channels of each position.
    case rms(epsilon: Float)
  }

  /// Size of the stored input, before upsampling.
  var input: Extent
  var output: Extent
  var inputChannels: Int
  var outputChannels: Int
  var groups: Int
  var kernel: Axes
  var stride: Axes
  var padding: Padding
  var upsampling: Upsampling
  var inputNorm: InputNorm
  /// Applied to the normalised input. Zero padding comes after it: what lies outside is zero.
  var activation: ActivationFunction
  var hasBias: Bool
  /// Applied to the sum with the bias.
  var then: ActivationFunction
  /// RMS norm over the output's channels after `then`: its epsilon.
  var thenNormEpsilon: Float?
  /// Whether the output buffer holds a residual that the result is added to.
  var addsResidual: Bool
  var storage: Precision

  /// Size of the (virtual) upsampled input, which the kernel runs over.
  var upsampledInput: Extent { upsampling.extent(of: input) }
  /// Samples of padding in front of each axis; what lies behind follows from the output's size.
  var leadingPadding: Axes { padding.leading(kernel) }
  /// Multiply-adds of the convolution as it is defined.
  var multiplyAdds: Int {
    output.positions * outputChannels * (inputChannels / groups) * kernel.product
  }
  var hasRMSInput: Bool { if case .rms = inputNorm { true } else { false } }
  /// One group per channel.
  var isDepthwise: Bool { groups > 1 && groups == inputChannels && groups == outputChannels }
  /// 1×1×1, stride 1: positions are independent of each other.
  var isPointwise: Bool {
    kernel.product == 1 && stride.product == 1 && upsampling == .none
  }
}

/// Memory of one convolution call. All pointers are aligned to 64 bytes and do not overlap.
struct ConvolutionBuffers {
  var input: UnsafeRawPointer
  /// As ``Engine/pack(_:into:for:on:)`` left them.
  var weights: UnsafeRawPointer
  /// `[out]`
  var bias: UnsafePointer<Float>?
  /// Affine: `[channels]` or `[frames, channels]`. RMS: the norm's weight, `[channels]`.
  var inputScale: UnsafePointer<Float>?
  /// As `inputScale`; the norm's bias for RMS.
  var inputShift: UnsafePointer<Float>?
  /// Weight and bias of the RMS norm on the output, `[out]`.
  var thenScale: UnsafePointer<Float>?
  var thenShift: UnsafePointer<Float>?
  /// Result; holds the residual at first where `addsResidual`.
  var output: UnsafeMutableRawPointer
  /// `[frames, 2, out]`: per output frame the sums of each channel, then the sums of squares, over
  /// the stored (final) output. Given where the engine's `gathersSums` says so.
  var outputSums: UnsafeMutablePointer<Double>?
  var workspace: UnsafeMutableRawPointer
}

/// One attention call in plain values.
struct AttentionTask: Hashable, Sendable {
  var extent: Extent
  var channels: Int
  /// True: a token sees all tokens of its own and earlier frames. False: of its own frame alone.
  var isCausalByFrame: Bool
  var storage: Precision

  var tokensPerFrame: Int { extent.height * extent.width }
  /// Number of leading tokens and of keys that queries in `frame` see.
  func visibleKeys(frame: Int) -> Range<Int> {
    let start = frame * tokensPerFrame
    return (isCausalByFrame ? 0 : start)..<(start + tokensPerFrame)
  }
  var multiplyAdds: Int {
    (0..<extent.frames).reduce(0) {
      $0 + 2 * tokensPerFrame * visibleKeys(frame: $1).count * channels
    }
  }
}

/// Memory of one attention call: `[tokens, channels]` each, in t, h, w order.
struct AttentionBuffers {
  var query: UnsafeRawPointer
  var key: UnsafeRawPointer
  var value: UnsafeRawPointer
  /// May be the query's memory: a block of queries is read before its results are written.
  var output: UnsafeMutableRawPointer
  var workspace: UnsafeMutableRawPointer
}
