import Checkpoint

/// A convolution with what surrounds it: the norm and activation in front, upsampling, bias, and
/// activation, norm and residual behind, in one pass over the data.
///
/// Groups: 1; any number for 1×1×1 kernels; one per channel (depthwise) for any kernel.
public struct Convolution {
  let weight: Weight
  let bias: Weight?
  let inputChannels: Int
  let outputChannels: Int
  let kernel: Axes
  let stride: Axes
  let padding: Padding
  let groups: Int
  let identity = LayerIdentity()

  /// - Parameters:
  ///   - scope: holds `weight` `[out, in/groups, kt, kh, kw]` and, with `bias`, `bias` `[out]`.
  ///   - weightRank: 5; 4 for `[out, in/groups, kh, kw]`; 2 for `[out, in]` (a linear layer).
  public init(
    _ scope: WeightScope, in inputChannels: Int, out outputChannels: Int,
    kernel: (t: Int, h: Int, w: Int), stride: (t: Int, h: Int, w: Int) = (1, 1, 1),
    padding: Padding, groups: Int = 1, bias: Bool = true, weightRank: Int = 5
  ) {
    precondition(inputChannels % groups == 0 && outputChannels % groups == 0)
    self.inputChannels = inputChannels
    self.outputChannels = outputChannels
    self.kernel = Axes(t: kernel.t, h: kernel.h, w: kernel.w)
    self.stride = Axes(t: stride.t, h: stride.h, w: stride.w)
    self.padding = padding
    self.groups = groups
    let kernelShape = [kernel.t, kernel.h, kernel.w]
    precondition([5, 4, 2].contains(weightRank), "weights of rank \(weightRank)")
    precondition(
      kernelShape.prefix(5 - weightRank).allSatisfy { $0 == 1 }, "kernel and rank differ")
    let shape = [outputChannels, inputChannels / groups] + kernelShape.suffix(weightRank - 2)
    weight = scope.take("weight", shape)
    self.bias = bias ? scope.take("bias", [outputChannels]) : nil
  }

  /// norm → activation → upsampling → convolution + bias → `then` → `thenNorm` → + residual.
  /// - Parameters:
  ///   - x: `[T, H, W, in]`.
  ///   - then: applied to the convolution's result.
  ///   - thenNorm: RMS norm per position, after `then`.
  ///   - residual: the result is added to it, in its memory, and it is returned.
  /// - Returns: `[T', H', W', out]`: strided axes shrink to ⌈n/2⌉ with symmetric and causal padding.
  /// - Throws: `ComputeError` where memory runs out.
  public func callAsFunction(
    _ x: consuming Activation, norm: Norm? = nil, activation: ActivationFunction = .none,
    upsampling: Upsampling = .none, then: ActivationFunction = .none, thenNorm: RMSNorm? = nil,
    onto residual: consuming Activation? = nil, _ c: ComputeContext
  ) throws -> Activation {
    let call = ConvolutionCall(
      layer: self, input: x, norm: norm, activation: activation, upsampling: upsampling,
      then: then, thenNorm: thenNorm, hasResidual: residual != nil, storage: c.precision)
    let output = try residual ?? c.blank(call.task.output, channels: outputChannels)
    try call.run(into: output, c)
    return output
  }

  /// The convolution of `x`, in its memory where the result is no larger: `x` is lost.
  ///
  /// For 1×1×1 kernels that narrow a wide activation, as a residual block's shortcut: no second
  /// activation is needed. Other convolutions are computed as usual.
  public func replacing(_ x: consuming Activation, _ c: ComputeContext) throws -> Activation {
    guard kernel == .one && stride == .one && outputChannels <= inputChannels else {
      return try self(x, c)
    }
    let (extent, block) = (x.extent, x.block)
    let call = ConvolutionCall(
      layer: self, input: x, norm: nil, activation: .none, upsampling: .none, then: .none,
      thenNorm: nil, hasResidual: false, storage: c.precision)
    try call.runInPlace(c)
    block.shrink(to: extent.positions * outputChannels * c.precision.bytes)
    return Activation(
      extent: extent, channels: outputChannels, storage: c.precision, block: block)
  }
}
