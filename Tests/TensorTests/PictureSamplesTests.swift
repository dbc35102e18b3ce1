import Tensor
import Testing

@Suite("Values as 8-bit samples")
struct PictureSamplesTests {
  private func samples(_ values: [Float], _ range: Range<Int>) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: range.count) { target, count in
      Tensor([values.count], values).writeSamples(
        range, to: UnsafeMutableBufferPointer(rebasing: target[..<range.count]))
      count = range.count
    }
  }

  @Test("are those of the reference's formula, next to every limit between two of them, too")
  func formula() {
    var values: [Float] = [-.infinity, -2, -1, -0.0, 0, 1, 1.0001, 7, .infinity]
    for level in 0...255 {
      let limit = (Float(level) + 0.5) / 255 * 2 - 1
      values += [limit.nextDown.nextDown, limit.nextDown, limit, limit.nextUp, limit.nextUp.nextUp]
      values.append(Float(level) * (2 / 255) - 1)
    }
    let expected = values.map { value -> UInt8 in
      let unit = (min(max(value, -1), 1) + 1) * 0.5
      let scaled = unit * 255
      return UInt8(scaled + 0.5)
    }
    #expect(samples(values, 0..<values.count) == expected)
    #expect(samples(values, 3..<70) == Array(expected[3..<70]))
  }

  @Test("hold nothing undefined where a value is no number")
  func notANumber() {
    #expect(samples([.nan, 1, .nan], 0..<3) == [0, 255, 0])
  }
}
