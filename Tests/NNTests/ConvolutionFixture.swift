import Checkpoint
import NN
import Tensor

/// Weights and input of a ``ConvolutionCase``, and the result by definition.
struct ConvolutionFixture {
  private let test: ConvolutionCase
  private let values: [String: Tensor]
  private let input: Tensor
  private let residual: Tensor?
  private let groups: Int
  let expected: Tensor

  init(_ test: ConvolutionCase, precision: Precision) {
    var random = Random(UInt64(test.channels.input * 100 + test.size.w))
    let kernel = test.kernel
    let fan = test.channels.input / test.groups * kernel.t * kernel.h * kernel.w
    let full = [
      test.channels.output, test.channels.input / test.groups, kernel.t, kernel.h, kernel.w,
    ]
    let shape = full[..<2] + full.suffix(test.rank - 2)
    var values = [
      "conv.weight": random.tensor(Array(shape), scale: 1.7 / Float(fan).squareRoot()),
      "norm.weight": random.tensor([test.channels.input], offset: 1),
      "norm.bias": random.tensor([test.channels.input]),
      "then.weight": random.tensor([test.channels.output], offset: 1),
      "then.bias": random.tensor([test.channels.output]),
    ]
    if test.bias { values["conv.bias"] = random.tensor([test.channels.output]) }
    self.test = test
    self.values = values
    let input = [test.channels.input, test.size.t, test.size.h, test.size.w]
    self.input = stored(random.tensor(input, offset: 0.5), precision)
    groups = test.channels.input % 4 == 0 ? 4 : 1
    let result = Self.reference(test, values, input: self.input, groups: groups)
    guard test.residual else {
      residual = nil
      expected = result.tensor
      return
    }
    let added = stored(random.tensor(result.tensor.shape), precision)
    residual = added
    expected = Reference.add(result, Reference.Clip(added)).tensor
  }

  /// The layer's result on a context.
  func run(_ c: ComputeContext) throws -> Tensor {
    let scope = scope(values)
    let (size, stride) = (test.kernel, test.stride)
    let layer = Convolution(
      scope["conv"], in: test.channels.input, out: test.channels.output, kernel: size,
      stride: stride,
      padding: test.padding, groups: test.groups, bias: test.bias, weightRank: test.rank)
    let norm: Norm? =
      switch test.norm {
      case .none: nil
      case .group, .perFrame:
        .group(
          GroupNorm(
            scope["norm"], channels: test.channels.input, groups: groups,
            perFrame: test.norm == .perFrame))
      case .rms: .rms(RMSNorm(scope["norm"], channels: test.channels.input))
      }
    let output = try layer(
      c.upload(input), norm: norm, activation: test.activation, upsampling: test.upsampling,
      then: test.then,
      thenNorm: test.thenNorm ? RMSNorm(scope["then"], channels: test.channels.output) : nil,
      onto: residual.map { try c.upload($0) }, c)
    return try c.download(output)
  }

  private static func reference(
    _ test: ConvolutionCase, _ values: [String: Tensor], input: Tensor, groups: Int
  ) -> Reference.Clip {
    func value(_ name: String) -> Tensor { values[name] ?? Tensor([0]) }
    var x = Reference.Clip(input)
    switch test.norm {
    case .none: break
    case .group, .perFrame:
      x = Reference.groupNorm(
        x, groups: groups, weight: value("norm.weight"), bias: value("norm.bias"), epsilon: 1e-6,
        perFrame: test.norm == .perFrame)
    case .rms:
      x = Reference.rmsNorm(
        x, weight: value("norm.weight"), bias: value("norm.bias"), epsilon: 1e-5)
    }
    x = Reference.upsample(Reference.apply(test.activation, x), test.upsampling)
    x = Reference.convolve(
      x, weight: value("conv.weight"), bias: values["conv.bias"],
      kernel: Reference.Axes(test.kernel.t, test.kernel.h, test.kernel.w),
      stride: Reference.Axes(test.stride.t, test.stride.h, test.stride.w), padding: test.padding,
      groups: test.groups)
    x = Reference.apply(test.then, x)
    guard test.thenNorm else { return x }
    return Reference.rmsNorm(
      x, weight: value("then.weight"), bias: value("then.bias"), epsilon: 1e-5)
  }
}
