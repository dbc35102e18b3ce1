import Foundation
import NN
import Tensor
import Testing

@Suite("Operations without weights")
struct OperationTests {
  @Test("upload and download give back the clip", arguments: variants)
  func transfer(_ variant: (EngineKind, Precision)) throws {
    var random = Random(1)
    let x = stored(random.tensor([5, 3, 7, 41]), variant.1)
    let c = try context(variant.0, variant.1)
    let a = try c.upload(x)
    #expect(a.extent == Extent(frames: 3, height: 7, width: 41) && a.channels == 5)
    #expect(try c.download(a).values == x.values)
  }

  @Test("NaN and infinity survive storage", arguments: variants)
  func specialValues(_ variant: (EngineKind, Precision)) throws {
    let c = try context(variant.0, variant.1)
    let x = Tensor([1, 1, 1, 4], [.nan, .infinity, -.infinity, -0.0])
    let values = try c.download(c.upload(x)).values
    #expect(values[0].isNaN && values[1] == .infinity && values[2] == -.infinity)
    #expect(values[3].bitPattern == 0x8000_0000)
  }

  @Test("gated SiLU", arguments: variants)
  func gated(_ variant: (EngineKind, Precision)) throws {
    var random = Random(2)
    let x = stored(random.tensor([34, 2, 3, 9], scale: 8), variant.1)
    let c = try context(variant.0, variant.1)
    let clip = Reference.Clip(x)
    let expected = Reference.Clip.make(17, 2, 3, 9) { channel, t, h, w in
      let gate = clip[17 + channel, t, h, w]
      return clip[channel, t, h, w] * gate / (1 + exp(-gate))
    }
    let result = try c.download(gatedSiLU(c.upload(x), c))
    #expect(relativeError(result, expected.tensor) < tolerance(variant.1))
  }

  @Test("concatenation of channels", arguments: variants)
  func concatenation(_ variant: (EngineKind, Precision)) throws {
    var random = Random(3)
    let (a, b) = (random.tensor([3, 2, 5, 6]), random.tensor([8, 2, 5, 6]))
    let c = try context(variant.0, variant.1)
    let result = try c.download(concat(c.upload(a), c.upload(b), c))
    #expect(result.values == stored(Tensor.concatenate([a, b], axis: 0), variant.1).values)
  }

  @Test("linear attention", arguments: variants)
  func linearAttention(_ variant: (EngineKind, Precision)) throws {
    var random = Random(4)
    let (dimension, heads) = (8, [2, 3])
    let inputs = heads.map {
      stored(random.tensor([$0 * 3 * dimension, 3, 13, 17]), variant.1)
    }
    let c = try context(variant.0, variant.1)
    let layer = LinearAttention(dimension: dimension)
    let result = try c.download(layer(inputs.map { try c.upload($0) }, c))
    let all = Reference.Clip(Tensor.concatenate(inputs, axis: 0))
    let expected = Reference.linearAttention(all, dimension: dimension)
    #expect(relativeError(result, expected.tensor) < tolerance(variant.1))

    let single = try context(variant.0, variant.1, threads: 1)
    let again = try single.download(layer(inputs.map { try single.upload($0) }, single))
    #expect(again.values == result.values)
  }

  @Test(
    "space to depth with mean", arguments: variants,
    [(true, true, 12), (false, true, 6), (false, false, 3), (true, false, 4)])
  func fold(_ variant: (EngineKind, Precision), _ test: (time: Bool, space: Bool, to: Int)) throws {
    var random = Random(5)
    let x = stored(random.tensor([6, 4, 6, 8]), variant.1)
    let c = try context(variant.0, variant.1)
    let result = try c.download(
      Rearrange.spaceToDepthMean(c.upload(x), time: test.time, space: test.space, to: test.to, c))
    let clip = Reference.Clip(x)
    let (ft, fs) = (test.time ? 2 : 1, test.space ? 2 : 1)
    let group = 6 * ft * fs * fs / test.to
    let expected = Reference.Clip.make(test.to, 4 / ft, 6 / fs, 8 / fs) { o, t, h, w in
      let sum = (o * group..<(o + 1) * group).reduce(0.0) { sum, deep in
        let (channel, phase) = (deep / (ft * fs * fs), deep % (ft * fs * fs))
        let (dt, dh, dw) = (phase / (fs * fs), phase / fs % fs, phase % fs)
        return sum + clip[channel, t * ft + dt, h * fs + dh, w * fs + dw]
      }
      return sum / Double(group)
    }
    #expect(relativeError(result, expected.tensor) < tolerance(variant.1))
  }

  @Test(
    "repetition and depth to space", arguments: variants,
    [(true, true, 3), (false, true, 6), (false, false, 24), (true, false, 12)])
  func unfold(
    _ variant: (EngineKind, Precision), _ test: (time: Bool, space: Bool, to: Int)
  ) throws {
    var random = Random(6)
    let x = stored(random.tensor([12, 2, 3, 5]), variant.1)
    let c = try context(variant.0, variant.1)
    let result = try c.download(
      Rearrange.repeatDepthToSpace(c.upload(x), time: test.time, space: test.space, to: test.to, c))
    let clip = Reference.Clip(x)
    let (ft, fs) = (test.time ? 2 : 1, test.space ? 2 : 1)
    let repeats = test.to * ft * fs * fs / 12
    let expected = Reference.Clip.make(test.to, 2 * ft, 3 * fs, 5 * fs) { o, t, h, w in
      let deep = ((o * ft + t % ft) * fs + h % fs) * fs + w % fs
      return clip[deep / repeats, t / ft, h / fs, w / fs]
    }
    #expect(result.values == expected.tensor.values)
  }
}
