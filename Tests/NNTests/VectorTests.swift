import Checkpoint
import Foundation
import NN
import Tensor
import Testing

/// Layers against results of PyTorch, written by `Fixtures/make_layers.py`.
@Suite("Layers as PyTorch computes them")
struct VectorTests {
  /// Weights, input and result of one layer.
  private struct Case {
    let scope: WeightScope
    let x: Tensor
    let y: Tensor

    init(_ name: String) throws {
      let path = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "Fixtures/layers.safetensors").path(percentEncoded: false)
      let file = try SafetensorsFile(path: path)
      let entries = file.entries.filter { $0.name.hasPrefix(name + "/") }
        .map { $0.renamed(String($0.name.dropFirst(name.count + 1))) }
      func tensor(_ name: String) throws -> Tensor {
        try #require(entries.first { $0.name == name }).float32()
      }
      scope = WeightLoader(entries, source: path).root
      (x, y) = (try tensor("x"), try tensor("y"))
    }

    func check(
      _ engine: EngineKind, _ layer: (Activation, ComputeContext) throws -> Activation
    ) throws {
      let c = try context(engine)
      let result = try c.download(layer(c.upload(x), c))
      #expect(relativeError(result, y) < 1e-5)
    }
  }

  private func causal(_ s: WeightScope, _ input: Int, _ output: Int, stride: Int = 1) -> Convolution
  {
    Convolution(
      s["conv"], in: input, out: output, kernel: (3, 3, 3), stride: (stride, stride, stride),
      padding: .causalReplicate)
  }

  @Test("norm, SiLU, causal convolution, residual", arguments: EngineKind.available)
  func causalBlock(_ engine: EngineKind) throws {
    let test = try Case("causal_block")
    let norm = GroupNorm(test.scope["norm"], channels: 8, groups: 4)
    try test.check(engine) { x, c in
      let same = try c.upload(test.x)
      return try causal(test.scope, 8, 8)(
        x, norm: .group(norm), activation: .silu, onto: same, c)
    }
  }

  @Test("causal convolution with stride", arguments: EngineKind.available)
  func causalStrided(_ engine: EngineKind) throws {
    let test = try Case("causal_strided")
    try test.check(engine) { try causal(test.scope, 4, 6, stride: 2)($0, $1) }
  }

  @Test("causal upsampling, convolution", arguments: EngineKind.available)
  func causalUpsampled(_ engine: EngineKind) throws {
    let test = try Case("causal_upsampled")
    try test.check(engine) {
      try causal(test.scope, 6, 4)(
        $0, upsampling: .nearest(time: .causal, space: true), $1)
    }
  }

  @Test("downsampling of single images", arguments: EngineKind.available)
  func imageDownsampled(_ engine: EngineKind) throws {
    let test = try Case("image_downsampled")
    let layer = Convolution(
      test.scope["conv"], in: 4, out: 5, kernel: (1, 3, 3), stride: (1, 2, 2),
      padding: .zerosAfter, weightRank: 4)
    try test.check(engine) { try layer($0, $1) }
  }

  @Test("zero-padded convolution with stride, SiLU", arguments: EngineKind.available)
  func zeroPadded(_ engine: EngineKind) throws {
    let test = try Case("zero_padded")
    let layer = Convolution(
      test.scope["conv"], in: 5, out: 7, kernel: (3, 3, 3), stride: (2, 2, 2), padding: .zeros)
    try test.check(engine) { try layer($0, then: .silu, $1) }
  }

  @Test("depthwise convolution", arguments: EngineKind.available)
  func depthwise(_ engine: EngineKind) throws {
    let test = try Case("depthwise")
    let layer = Convolution(
      test.scope["conv"], in: 12, out: 12, kernel: (5, 5, 5), padding: .zeros, groups: 12,
      bias: false)
    try test.check(engine) { try layer($0, $1) }
  }

  @Test("attention, causal by frame", arguments: EngineKind.available)
  func attention(_ engine: EngineKind) throws {
    let test = try Case("causal_attention")
    let layer = SelfAttention(
      test.scope, channels: 16, groups: 4, names: .linear, weightRank: 2, causalByFrame: true)
    try test.check(engine) { try layer($0, $1) }
  }

  @Test("linear attention", arguments: EngineKind.available)
  func linearAttention(_ engine: EngineKind) throws {
    let test = try Case("linear_attention")
    try test.check(engine) { try LinearAttention(dimension: 8)([$0], $1) }
  }
}
