import Checkpoint
import NN
import Tensor
import Testing

@Suite("Memory")
struct MemoryTests {
  /// A small stack of layers: resnet block, attention, upsampling.
  private struct Stack {
    let first: Convolution
    let norm: GroupNorm
    let second: Convolution
    let attention: SelfAttention
    let up: Convolution
    let statistics: GroupNorm

    init(_ s: WeightScope) {
      first = Convolution(
        s["first"], in: 3, out: 32, kernel: (3, 3, 3), padding: .causalReplicate)
      norm = GroupNorm(s["norm"], channels: 32, groups: 8)
      second = Convolution(
        s["second"], in: 32, out: 32, kernel: (3, 3, 3), padding: .causalReplicate)
      attention = SelfAttention(
        s["attention"], channels: 32, groups: 8, names: .linear, weightRank: 2, causalByFrame: true)
      up = Convolution(s["up"], in: 32, out: 8, kernel: (3, 3, 3), padding: .causalReplicate)
      statistics = GroupNorm(s["statistics"], channels: 32, groups: 4)
    }

    func callAsFunction(_ x: consuming Activation, _ c: ComputeContext) throws -> Activation {
      var x = try first(x, c)
      let h = try second(x, norm: .group(norm), activation: .silu, c)
      x = try second(h, norm: .group(norm), activation: .silu, onto: x, c)
      x = try attention(x, c)
      return try up(
        x, norm: .group(statistics), upsampling: .nearest(time: .causal, space: true), c)
    }
  }

  private let values: [String: Tensor] = {
    var random = Random(9)
    var values: [String: Tensor] = [:]
    for (name, shape) in [
      ("first", [32, 3, 3, 3, 3]), ("second", [32, 32, 3, 3, 3]), ("up", [8, 32, 3, 3, 3]),
      ("attention.to_q", [32, 32]), ("attention.to_k", [32, 32]), ("attention.to_v", [32, 32]),
      ("attention.to_out.0", [32, 32]), ("norm", [32]), ("statistics", [32]),
      ("attention.group_norm", [32]),
    ] {
      values[name + ".weight"] = random.tensor(shape, scale: 0.1)
      values[name + ".bias"] = random.tensor([shape[0]])
    }
    return values
  }()

  @Test("a plan's peak is the peak of the run", arguments: variants)
  func planIsExact(_ variant: (EngineKind, Precision)) throws {
    let stack = Stack(scope(values))
    for size in [[3, 5, 16, 24], [3, 1, 9, 7], [3, 9, 8, 40]] {
      let c = try context(variant.0, variant.1)
      let plan = try ComputeContext.plan(like: c) { c in
        let extent = Extent(frames: size[1], height: size[2], width: size[3])
        _ = try stack(c.blank(extent, channels: 3), c)
      }
      let result = try c.download(stack(c.upload(Tensor(size)), c))
      #expect(result.shape == [8, 2 * size[1] - 1, 2 * size[2], 2 * size[3]])
      #expect(c.peakBytes == plan.arenaBytes + plan.keptBytes)
      #expect(plan.weightBytes == values.values.reduce(0) { $0 + $1.count * 4 })
      #expect(plan.multiplyAdds >= plan.effectiveMultiplyAdds && plan.multiplyAdds > 0)

      let tight = try ComputeContext(
        engine: variant.0, precision: variant.1, threads: 2, memory: plan.arenaBytes)
      #expect(try tight.download(stack(tight.upload(Tensor(size)), tight)).values == result.values)
    }
  }

  @Test("memory is used again: a second clip takes none", arguments: variants)
  func reuse(_ variant: (EngineKind, Precision)) throws {
    let stack = Stack(scope(values))
    let c = try context(variant.0, variant.1)
    var random = Random(10)
    let clips = (0..<2).map { _ in random.tensor([3, 5, 16, 24]) }
    let first = try c.download(stack(c.upload(clips[0]), c))
    let peak = c.peakBytes
    c.trim()
    _ = try c.download(stack(c.upload(clips[1]), c))
    let again = try c.download(stack(c.upload(clips[0]), c))
    #expect(c.peakBytes == peak)
    #expect(first.values == again.values)
  }

  @Test("gaps between blocks do not count")
  func gaps() throws {
    let c = try ComputeContext(engine: .plain, threads: 1, memory: 300 << 10)
    func block(_ kilobytes: Int) throws -> Activation {
      try c.blank(Extent(frames: 1, height: 1, width: 256), channels: kilobytes)
    }
    var held: [Activation?] = try [100, 20, 100, 20].map { try block($0) }
    held[0] = nil
    held[2] = nil
    let large = try block(250)  // fits neither gap
    #expect(c.peakBytes == 300 << 10)
    withExtendedLifetime((large, held)) {}
  }

  @Test("running out of memory is an error")
  func exhaustion() throws {
    let c = try ComputeContext(engine: .plain, threads: 1, memory: 1 << 20)
    #expect(throws: ComputeError.self) {
      try c.blank(Extent(frames: 1, height: 1024, width: 1024), channels: 1)
    }
  }

  @Test("a profile names layers and counts multiply-adds")
  func profile() throws {
    let stack = Stack(scope(values))
    let c = try context(.plain)
    c.profile = Profile()
    _ = try stack(c.upload(Tensor([3, 1, 8, 8])), c)
    let profile = try #require(c.profile)
    let first = try #require(profile.entries.first { $0.layer == "first" })
    #expect(first.operation == "convolution 3x3x3" && first.multiplyAdds == 64 * 32 * 3 * 27)
    #expect(first.output == Extent(frames: 1, height: 8, width: 8) && first.channels == 32)
    #expect(profile.seconds > 0)
  }
}
