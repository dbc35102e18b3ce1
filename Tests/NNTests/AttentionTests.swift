import Checkpoint
import NN
import Tensor
import Testing

@Suite("Attention")
struct AttentionTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var channels: Int
    var size: (t: Int, h: Int, w: Int)
    var isCausal: Bool

    var testDescription: String { "\(channels) channels, \(size), causal: \(isCausal)" }

    static let all: [Case] = [
      .init(channels: 8, size: (3, 4, 5), isCausal: true),
      .init(channels: 8, size: (3, 4, 5), isCausal: false),
      .init(channels: 40, size: (1, 1, 1), isCausal: true),
      .init(channels: 32, size: (3, 11, 13), isCausal: true),
      .init(channels: 36, size: (2, 12, 14), isCausal: false),
      .init(channels: 12, size: (2, 17, 17), isCausal: false),
    ]
  }

  @Test("agrees with the definition", arguments: variants, Case.all)
  func agreesWithDefinition(_ variant: (EngineKind, Precision), _ test: Case) throws {
    let fixture = AttentionFixture(test, precision: variant.1)
    let result = try fixture.run(context(variant.0, variant.1))
    #expect(relativeError(result, fixture.expected) < tolerance(variant.1))
  }

  @Test("gives the same bits at any number of threads", arguments: variants)
  func threadCount(_ variant: (EngineKind, Precision)) throws {
    for test in Case.all {
      let fixture = AttentionFixture(test, precision: variant.1)
      let results = try [1, 2, 3].map {
        try fixture.run(context(variant.0, variant.1, threads: $0)).values
      }
      #expect(results[0] == results[1] && results[0] == results[2])
    }
  }
}

/// Weights and input of an attention layer, and the result by definition.
private struct AttentionFixture {
  let values: [String: Tensor]
  let input: Tensor
  let expected: Tensor
  let test: AttentionTests.Case

  init(_ test: AttentionTests.Case, precision: Precision) {
    var random = Random(UInt64(test.channels))
    let channels = test.channels
    var values: [String: Tensor] = [:]
    for name in ["to_q", "to_k", "to_v", "to_out.0"] {
      let scale = 3 / Float(channels).squareRoot()
      values[name + ".weight"] = random.tensor([channels, channels], scale: scale)
      values[name + ".bias"] = random.tensor([channels])
    }
    values["group_norm.weight"] = random.tensor([channels], offset: 1)
    values["group_norm.bias"] = random.tensor([channels])
    self.values = values
    self.test = test
    input = stored(random.tensor([channels, test.size.t, test.size.h, test.size.w]), precision)

    func value(_ name: String) -> Tensor { values[name] ?? Tensor([0]) }
    func linear(_ x: Reference.Clip, _ name: String) -> Reference.Clip {
      Reference.convolve(
        x, weight: value(name + ".weight"), bias: value(name + ".bias"),
        kernel: Reference.Axes(1, 1, 1), stride: Reference.Axes(1, 1, 1), padding: .zeros,
        groups: 1)
    }
    let x = Reference.Clip(input)
    let normal = Reference.groupNorm(
      x, groups: 4, weight: value("group_norm.weight"), bias: value("group_norm.bias"),
      epsilon: 1e-6, perFrame: !test.isCausal)
    let attended = Reference.attention(
      linear(normal, "to_q"), linear(normal, "to_k"), linear(normal, "to_v"),
      causalByFrame: test.isCausal)
    expected = Reference.add(x, linear(attended, "to_out.0")).tensor
  }

  func run(_ c: ComputeContext) throws -> Tensor {
    let layer = SelfAttention(
      scope(values), channels: test.channels, groups: 4, names: .linear, weightRank: 2,
      causalByFrame: test.isCausal)
    return try c.download(layer(c.upload(input), c))
  }
}
