import Checkpoint
import NN
import Tensor
import Testing

/// One convolution with all that can surround it.
struct ConvolutionCase: Sendable, CustomTestStringConvertible {
  enum NormKind: Sendable { case none, group, perFrame, rms }

  var name: String
  /// Enough tiles for Winograd's algorithm.
  var size = (t: 3, h: 13, w: 18)
  var channels = (input: 8, output: 12)
  var kernel = (t: 3, h: 3, w: 3)
  var stride = (t: 1, h: 1, w: 1)
  var padding = Padding.causalReplicate
  var groups = 1
  var bias = true
  var rank = 5
  var norm = NormKind.none
  var activation = ActivationFunction.none
  var upsampling = Upsampling.none
  var then = ActivationFunction.none
  var thenNorm = false
  var residual = false

  var testDescription: String { name }

  static let all: [ConvolutionCase] = [
    .init(name: "causal"),
    .init(name: "causal, one frame, wide", size: (1, 3, 71), channels: (3, 40)),
    .init(name: "causal, one position", size: (1, 1, 1), channels: (33, 5)),
    .init(name: "causal, odd channels", size: (4, 5, 9), channels: (5, 3), bias: false),
    .init(
      name: "causal resnet half", size: (5, 9, 11), channels: (32, 32), norm: .group,
      activation: .silu, residual: true),
    .init(name: "causal, small", size: (3, 7, 10)),
    .init(name: "causal, wide channels", size: (2, 13, 14), channels: (64, 96), norm: .group),
    .init(name: "causal, long", size: (40, 6, 7), channels: (8, 4), norm: .group),
    .init(name: "causal, two frames over", size: (7, 13, 14), channels: (16, 24), residual: true),
    .init(
      name: "causal, wide, fours and two over", size: (7, 22, 27), channels: (72, 48), norm: .group,
      residual: true),
    .init(
      name: "causal, wide, fours in turn", size: (14, 11, 13), channels: (40, 72), norm: .group,
      activation: .silu),
    .init(
      name: "zeros, wide, fours in turn", size: (13, 9, 14), channels: (72, 40), padding: .zeros,
      residual: true),
    .init(
      name: "zeros, wide, fours in turn, RMS norm", size: (12, 13, 9), channels: (48, 48),
      padding: .zeros, then: .silu, thenNorm: true, residual: true),
    .init(
      name: "causal, wide, fours of large tiles", size: (10, 18, 17), channels: (64, 64),
      norm: .group, activation: .silu, residual: true),
    .init(
      name: "zeros, wide, fours of large tiles, RMS norm", size: (8, 17, 18), channels: (56, 80),
      padding: .zeros, then: .silu, thenNorm: true),
    .init(name: "zeros, very wide, fours", size: (9, 10, 11), channels: (260, 8), padding: .zeros),
    .init(name: "causal, few channels", size: (5, 7, 40), channels: (3, 20)),
    .init(name: "stride space", size: (3, 9, 12), stride: (1, 2, 2)),
    .init(name: "stride space, odd", size: (2, 7, 13), stride: (1, 2, 2), norm: .group),
    .init(name: "stride time and space", size: (5, 8, 7), stride: (2, 2, 2)),
    .init(name: "stride time and space, even frames", size: (4, 9, 6), stride: (2, 2, 2)),
    .init(name: "stride time", size: (5, 4, 5), stride: (2, 1, 1)),
    .init(
      name: "stride space, tiles", size: (5, 33, 38), channels: (16, 40), stride: (1, 2, 2),
      norm: .group, activation: .silu),
    .init(
      name: "stride space, tiles, wide channels", size: (2, 31, 33), channels: (72, 20),
      stride: (1, 2, 2)),
    .init(
      name: "stride time and space, tiles", size: (9, 26, 31), channels: (24, 20),
      stride: (2, 2, 2), residual: true),
    .init(
      name: "stride time and space, tiles, even frames", size: (8, 32, 31), channels: (9, 33),
      stride: (2, 2, 2)),
    .init(name: "pointwise", kernel: (1, 1, 1), norm: .group, activation: .silu),
    .init(
      name: "pointwise, linear", size: (2, 5, 33), channels: (40, 70), kernel: (1, 1, 1),
      rank: 2, residual: true),
    .init(
      name: "pointwise, large matrix", size: (2, 3, 5), channels: (512, 2064),
      kernel: (1, 1, 1), norm: .group),
    .init(name: "causal upsampling", upsampling: .nearest(time: .causal, space: true)),
    .init(
      name: "causal upsampling, one frame", size: (1, 13, 14),
      upsampling: .nearest(time: .causal, space: true)),
    .init(name: "causal upsampling of space", upsampling: .nearest(time: .none, space: true)),
    .init(name: "causal upsampling of time", upsampling: .nearest(time: .causal, space: false)),
    .init(
      name: "upsampling, wide channels", size: (3, 9, 9), channels: (64, 32),
      upsampling: .nearest(time: .causal, space: true)),
    .init(name: "zeros", padding: .zeros),
    .init(name: "zeros, even frames", size: (4, 13, 14), padding: .zeros),
    .init(name: "zeros, few channels", size: (4, 9, 34), channels: (5, 33), padding: .zeros),
    .init(name: "zeros, narrow, frames over", size: (11, 12, 13), padding: .zeros),
    .init(name: "zeros, silu behind, RMS norm", padding: .zeros, then: .silu, thenNorm: true),
    .init(
      name: "zeros resnet half", size: (4, 12, 13), channels: (32, 32), padding: .zeros,
      bias: false,
      thenNorm: true, residual: true),
    .init(name: "zeros, stride 2", size: (4, 8, 10), stride: (2, 2, 2), padding: .zeros),
    .init(name: "zeros, stride 2, odd", size: (1, 5, 3), stride: (1, 2, 2), padding: .zeros),
    .init(
      name: "zeros, stride 2, tiles", size: (5, 31, 34), stride: (2, 2, 2), padding: .zeros,
      then: .silu, thenNorm: true),
    .init(
      name: "zeros, stride 2, tiles, even frames", size: (6, 32, 27), stride: (2, 2, 2),
      padding: .zeros),
    .init(
      name: "zeros upsampling", size: (3, 9, 12), padding: .zeros,
      upsampling: .nearest(time: .double, space: true), then: .relu),
    .init(
      name: "zeros upsampling of space", size: (2, 9, 14), padding: .zeros,
      upsampling: .nearest(time: .none, space: true)),
    .init(
      name: "RMS norm, relu in front", size: (3, 13, 14), channels: (32, 3), padding: .zeros,
      norm: .rms, activation: .relu),
    .init(
      name: "per frame", size: (3, 9, 10), channels: (16, 16), kernel: (1, 3, 3), padding: .zeros,
      rank: 4, norm: .perFrame, activation: .silu),
    .init(
      name: "per frame, wide tiles", size: (2, 29, 40), channels: (24, 40), kernel: (1, 3, 3),
      padding: .zeros, rank: 4, norm: .perFrame, activation: .silu, residual: true),
    .init(
      name: "per frame, very wide", size: (2, 13, 17), channels: (272, 242), kernel: (1, 3, 3),
      padding: .zeros, rank: 4),
    .init(
      name: "per frame, wide tiles, silu behind", size: (1, 35, 36), channels: (8, 5),
      kernel: (1, 3, 3), padding: .zeros, rank: 4, then: .silu),
    .init(
      name: "per frame downsampling", size: (2, 8, 6), kernel: (1, 3, 3), stride: (1, 2, 2),
      padding: .zerosAfter, rank: 4),
    .init(
      name: "per frame downsampling, odd", size: (2, 7, 9), kernel: (1, 3, 3), stride: (1, 2, 2),
      padding: .zerosAfter, rank: 4),
    .init(
      name: "per frame downsampling, tiles", size: (2, 39, 32), channels: (16, 24),
      kernel: (1, 3, 3), stride: (1, 2, 2), padding: .zerosAfter, rank: 4, norm: .perFrame,
      activation: .silu),
    .init(
      name: "per frame upsampling", size: (2, 9, 10), kernel: (1, 3, 3), padding: .zeros, rank: 4,
      upsampling: .nearest(time: .none, space: true)),
    .init(
      name: "depthwise 3", size: (3, 6, 11), channels: (70, 70), padding: .zeros, groups: 70,
      then: .silu),
    .init(
      name: "depthwise 5", size: (3, 7, 6), channels: (24, 24), kernel: (5, 5, 5),
      padding: .zeros, groups: 24, bias: false),
    .init(
      name: "grouped pointwise", size: (2, 5, 7), channels: (96, 96), kernel: (1, 1, 1),
      padding: .zeros, groups: 3, bias: false),
    .init(
      name: "narrow groups", size: (2, 3, 5), channels: (24, 12), kernel: (1, 1, 1),
      padding: .zeros, groups: 6, residual: true),
  ]
}

@Suite("Convolution")
struct ConvolutionTests {
  @Test("agrees with the definition", arguments: variants, ConvolutionCase.all)
  func agreesWithDefinition(_ variant: (EngineKind, Precision), _ test: ConvolutionCase) throws {
    let fixture = ConvolutionFixture(test, precision: variant.1)
    let c = try context(variant.0, variant.1)
    let result = try fixture.run(c)
    #expect(relativeError(result, fixture.expected) < tolerance(variant.1))
  }

  @Test("agrees on every vector unit", arguments: VectorUnit.available, Precision.allCases)
  func everyVectorUnit(_ vectors: VectorUnit, _ precision: Precision) throws {
    for test in ConvolutionCase.all {
      let fixture = ConvolutionFixture(test, precision: precision)
      let result = try fixture.run(context(.best, precision, vectors: vectors))
      #expect(
        relativeError(result, fixture.expected) < tolerance(precision), "\(test.name)")
    }
  }

  @Test("gives the same bits at any number of threads", arguments: variants)
  func threadCount(_ variant: (EngineKind, Precision)) throws {
    for test in ConvolutionCase.all {
      let fixture = ConvolutionFixture(test, precision: variant.1)
      let results = try [1, 2, 3].map {
        try fixture.run(context(variant.0, variant.1, threads: $0)).values
      }
      #expect(results[0] == results[1] && results[0] == results[2], "\(test.name)")
    }
  }

  @Test("a norm finds what a convolution wrote, also onto a residual", arguments: variants)
  func chained(_ variant: (EngineKind, Precision)) throws {
    var random = Random(5)
    let c = try context(variant.0, variant.1)
    let values = [
      "a.weight": random.tensor([32, 32, 3, 3, 3], scale: 0.1), "a.bias": random.tensor([32]),
      "n.weight": random.tensor([32]), "n.bias": random.tensor([32]),
    ]
    let layer = Convolution(
      scope(values)["a"], in: 32, out: 32, kernel: (3, 3, 3), padding: .causalReplicate)
    let norm = Norm.group(GroupNorm(scope(values)["n"], channels: 32, groups: 8))
    let x = try c.upload(random.tensor([32, 4, 12, 13], offset: 3))
    let h = try layer(layer(x, c), onto: x, c)
    let fresh = try c.upload(c.download(h))
    let direct = try c.download(layer(h, norm: norm, activation: .silu, c))
    let expected = try c.download(layer(fresh, norm: norm, activation: .silu, c))
    // Sums of another order differ in the last bits, which bfloat16 storage may round apart.
    #expect(relativeError(direct, expected) < (variant.1 == .f32 ? 1e-6 : 1e-4))
  }

  @Test("works in its input's memory", arguments: variants, [(1, 9, 7), (2, 130, 131)])
  func inPlace(_ variant: (EngineKind, Precision), _ size: (t: Int, h: Int, w: Int)) throws {
    var random = Random(6)
    let values = ["weight": random.tensor([5, 8, 1, 1, 1]), "bias": random.tensor([5])]
    let layer = Convolution(
      scope(values), in: 8, out: 5, kernel: (1, 1, 1), padding: .causalReplicate)
    let c = try context(variant.0, variant.1)
    let x = random.tensor([8, size.t, size.h, size.w])
    let expected = try c.download(layer(c.upload(x), c))
    let input = try c.upload(x)
    #expect(try c.download(layer.replacing(input, c)).values == expected.values)
  }
}
