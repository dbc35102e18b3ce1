/// Random numbers that a seed decides (SplitMix64).
struct Randomness: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) {
    state = seed
  }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }

  /// A number in `range`.
  mutating func pick(_ range: Range<Int>) -> Int { Int.random(in: range, using: &self) }

  /// One of `choices`, of which there must be some.
  mutating func pick<T>(_ choices: [T]) -> T { choices[pick(0..<choices.count)] }

  /// True once in `times`.
  mutating func once(in times: Int) -> Bool { pick(0..<times) == 0 }

  /// `count` bytes.
  mutating func bytes(_ count: Int) -> [UInt8] {
    (0..<count).map { _ in UInt8(truncatingIfNeeded: next()) }
  }
}
