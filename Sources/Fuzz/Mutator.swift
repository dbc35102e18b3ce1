/// Changes inputs a little, in ways that parsers are known to stumble over.
struct Mutator {
  /// Pieces of text or binary that mean something to the parser.
  let tokens: [[UInt8]]
  /// Longer inputs are cut.
  let maximumSize: Int

  private static let integers: [Int64] = [
    0, 1, 2, 3, 4, 7, 8, 15, 16, 63, 64, 127, 128, 255, 256, 1023, 4095, 32767, 32768, 65535,
    65536, 1 << 24, 1 << 31 - 1, 1 << 31, 1 << 32 - 1, 1 << 32, 1 << 62, .max, .max - 7, -1, -2,
    .min,
  ]

  /// A changed copy of `input`; `other` lends a part at times.
  func mutate(_ input: [UInt8], with other: [UInt8], _ random: inout Randomness) -> [UInt8] {
    var bytes = input
    repeat { step(&bytes, other, &random) } while !random.once(in: 3)
    return bytes.count > maximumSize ? Array(bytes[..<maximumSize]) : bytes
  }

  private func step(_ bytes: inout [UInt8], _ other: [UInt8], _ random: inout Randomness) {
    let place = random.pick(0..<bytes.count + 1)
    let length = min(
      random.once(in: 4) ? random.pick(0..<257) : random.pick(0..<9), bytes.count - place)
    let range = place..<place + length
    switch random.pick(0..<10) {
    case 0: flip(&bytes, place, UInt8(1) << random.pick(0..<8))
    case 1: flip(&bytes, place, UInt8(random.pick(1..<256)))
    case 2: bytes.removeSubrange(range)
    case 3: bytes.insert(contentsOf: bytes[range], at: random.pick(0..<bytes.count + 1))
    case 4: bytes.insert(contentsOf: random.pick(tokens), at: place)
    case 5: bytes.replaceSubrange(range, with: random.pick(tokens))
    case 6: binaryInteger(&bytes, place, &random)
    case 7: decimalInteger(&bytes, place, &random)
    case 8:
      let from = random.pick(0..<other.count + 1)
      let count = min(random.pick(0..<257), other.count - from)
      bytes.replaceSubrange(range, with: other[from..<from + count])
    default:
      if random.once(in: 8) {
        bytes.removeSubrange(place...)
      } else {
        bytes.insert(contentsOf: random.bytes(random.pick(1..<5)), at: place)
      }
    }
  }

  private func flip(_ bytes: inout [UInt8], _ place: Int, _ bits: UInt8) {
    if place < bytes.count { bytes[place] ^= bits }
  }

  /// Overwrites 1, 2, 4 or 8 bytes with a number at a limit, in either order of bytes.
  private func binaryInteger(_ bytes: inout [UInt8], _ place: Int, _ random: inout Randomness) {
    let size = 1 << random.pick(0..<4)
    guard place + size <= bytes.count else { return }
    let value = random.pick(Self.integers)
    let isBigEndian = random.once(in: 2)
    for i in 0..<size {
      let shift = 8 * (isBigEndian ? size - 1 - i : i)
      bytes[place + i] = UInt8(truncatingIfNeeded: value >> shift)
    }
  }

  /// Replaces the next decimal number behind `place` with one at a limit, or one off.
  private func decimalInteger(_ bytes: inout [UInt8], _ place: Int, _ random: inout Randomness) {
    let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
    guard let start = bytes[place...].firstIndex(where: digits.contains) else { return }
    let end = bytes[start...].firstIndex { !digits.contains($0) } ?? bytes.count
    let old = Int64(String(decoding: bytes[start..<end], as: UTF8.self)) ?? 0
    let value =
      random.once(in: 2) ? random.pick(Self.integers) : old &+ Int64(random.pick(0..<9)) &- 4
    bytes.replaceSubrange(start..<end, with: String(value).utf8)
  }
}
