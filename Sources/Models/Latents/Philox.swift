import Foundation

/// Philox 4×32-10, a counter-based random generator: the n-th value needs no value before it.
///
/// Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
struct Philox: Sendable {
  private let key: SIMD2<UInt32>

  init(seed: UInt64) {
    key = SIMD2(UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32))
  }

  init(key: SIMD2<UInt32>) {
    self.key = key
  }

  /// The four words of one counter.
  func block(_ counter: SIMD4<UInt32>) -> SIMD4<UInt32> {
    var (c, k) = (counter, key)
    for _ in 0..<10 {
      let a = (0xD251_1F53 as UInt32).multipliedFullWidth(by: c.x)
      let b = (0xCD9E_8D57 as UInt32).multipliedFullWidth(by: c.z)
      c = SIMD4(b.high ^ c.y ^ k.x, b.low, a.high ^ c.w ^ k.y, a.low)
      k = SIMD2(k.x &+ 0x9E37_79B9, k.y &+ 0xBB67_AE85)
    }
    return c
  }

  /// Standard normal values number `4·index` to `4·index + 3`: two Box-Muller pairs.
  func normals(_ index: UInt64) -> SIMD4<Float> {
    let words = block(
      SIMD4(UInt32(truncatingIfNeeded: index), UInt32(truncatingIfNeeded: index >> 32), 0, 0))
    let (a, b) = Self.boxMuller(words.x, words.y)
    let (c, d) = Self.boxMuller(words.z, words.w)
    return SIMD4(a, b, c, d)
  }

  private static func boxMuller(_ u: UInt32, _ v: UInt32) -> (Float, Float) {
    let scale = 0x1p-32
    let radius = (-2 * log((Double(u) + 1) * scale)).squareRoot()
    let angle = 2 * Double.pi * Double(v) * scale
    return (Float(radius * cos(angle)), Float(radius * sin(angle)))
  }
}
