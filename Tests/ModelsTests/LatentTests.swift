import Tensor
import Testing

@testable import Models

@Suite struct LatentTests {
  /// Known answers of Random123, the authors' implementation.
  @Test(arguments: [
    (
      SIMD4<UInt32>(0, 0, 0, 0), SIMD2<UInt32>(0, 0),
      SIMD4<UInt32>(0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8)
    ),
    (
      SIMD4(repeating: UInt32.max), SIMD2(repeating: UInt32.max),
      SIMD4(0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd)
    ),
    (
      SIMD4(0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344), SIMD2(0xa409_3822, 0x299f_31d0),
      SIMD4(0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1)
    ),
  ])
  func philox(counter: SIMD4<UInt32>, key: SIMD2<UInt32>, expected: SIMD4<UInt32>) {
    #expect(Philox(key: key).block(counter) == expected)
  }

  @Test func normalsAreNormal() {
    let philox = Philox(seed: 1)
    var (sum, squares) = (0.0, 0.0)
    let count = 20_000
    for index in 0..<count / 4 {
      let values = philox.normals(UInt64(index))
      for lane in 0..<4 {
        sum += Double(values[lane])
        squares += Double(values[lane] * values[lane])
      }
    }
    #expect(abs(sum / Double(count)) < 0.02)
    #expect(abs(squares / Double(count) - 1) < 0.03)
  }

  @Test func samplesDoNotDependOnStretches() throws {
    let moments = Tensor([6, 5, 3, 3], (0..<270).map { Float($0 % 7) - 3 })
    let whole = Posterior(moments: moments, firstFrame: 0)
    let parts = [0..<2, 2..<5].map {
      Posterior(moments: moments.slice(axis: 1, $0), firstFrame: $0.lowerBound)
    }
    let joined = Tensor.concatenate(parts.map { $0.sample(seed: 9) }, axis: 1)
    #expect(joined.values == whole.sample(seed: 9).values)
    #expect(whole.sample(seed: 9).values != whole.sample(seed: 10).values)
    #expect(whole.mode().values == moments.slice(axis: 0, 0..<3).values)
  }

  @Test func divergence() {
    let posterior = Posterior(
      moments: Tensor([2, 2, 1, 1], [1, 0, 0, 2]), firstFrame: 0)
    let second = 0.5 * (0 + 7.38905609893065 - 1 - 2)
    #expect(abs(posterior.divergences()[0] - 0.5) < 1e-9)
    #expect(abs(posterior.divergences()[1] - second) < 1e-6)
  }

  @Test func clampsLogarithmOfVariance() {
    let posterior = Posterior(moments: Tensor([4, 1, 1, 1], [0, 0, -99, 99]), firstFrame: 0)
    #expect(posterior.logvar?.values == [-30, 20])
  }

  @Test func scalesBothWays() {
    let latents = Tensor([1, 1, 1, 2], [1, -3])
    let multiply = LatentScaling.multiply(scale: 0.5, shift: 1)
    #expect(multiply.toDiffusion(latents).values == [0, -2])
    #expect(multiply.fromDiffusion(multiply.toDiffusion(latents)).values == [1, -3])
    let divide = LatentScaling.divide(by: 0.5)
    #expect(divide.toDiffusion(latents).values == [2, -6])
    #expect(divide.fromDiffusion(divide.toDiffusion(latents)).values == [1, -3])
  }
}
