import Tensor
import Testing

@Suite struct DTypeConversionTests {
  private func encoded(_ values: [Float], _ dtype: DType) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: values.count * dtype.size)
    bytes.withUnsafeMutableBytes { bytes in
      values.withUnsafeBufferPointer { dtype.encode($0, into: bytes) }
    }
    return bytes
  }

  private func decoded(_ bytes: some Sequence<UInt8>, _ dtype: DType) -> [Float] {
    // One byte before the data puts every element at an odd address.
    let shifted = [0] + Array(bytes)
    let count = (shifted.count - 1) / dtype.size
    return shifted.withUnsafeBytes {
      Tensor([count], dtype, bytes: UnsafeRawBufferPointer(rebasing: $0.dropFirst())).values
    }
  }

  private let everyHalf = (0...UInt16.max).flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] }

  #if !(os(macOS) && arch(x86_64))
    @Test func everyFloat16Widens() {
      for (pattern, value) in decoded(everyHalf, .f16).enumerated() {
        let expected = Float(Float16(bitPattern: UInt16(pattern)))
        #expect(value == expected || value.isNaN && expected.isNaN, "\(pattern)")
      }
    }

    @Test func float16RoundsToNearestEven() {
      var values: [Float] = [0, -0.0, 65504, 65519.996, 65520, 1e-8, 2.9802322e-8, 5e-8, .infinity]
      for bits in stride(from: UInt32(0x3280_0000), to: 0x4800_0000, by: 0x0753) {
        values += [Float(bitPattern: bits), -Float(bitPattern: bits)]
      }
      let bytes = encoded(values, .f16)
      for (i, value) in values.enumerated() {
        let pattern = UInt16(bytes[2 * i]) | UInt16(bytes[2 * i + 1]) << 8
        #expect(pattern == Float16(value).bitPattern, "\(value)")
      }
    }
  #endif

  @Test func everyFloat16ComesBack() {
    let bytes = encoded(decoded(everyHalf, .f16), .f16)
    for pattern in 0...UInt16.max where pattern & 0x7c00 != 0x7c00 || pattern & 0x3ff == 0 {
      let i = 2 * Int(pattern)
      #expect(bytes[i] == everyHalf[i] && bytes[i + 1] == everyHalf[i + 1], "\(pattern)")
    }
    #expect(decoded(encoded([.nan], .f16), .f16)[0].isNaN)
  }

  @Test func bfloat16RoundsToNearestEven() {
    let cases: [(UInt32, UInt16)] = [
      (0x3f80_0000, 0x3f80), (0x3f80_8000, 0x3f80), (0x3f81_8000, 0x3f82), (0x3f80_8001, 0x3f81),
      (0x8000_0000, 0x8000), (0x7f7f_ffff, 0x7f80), (0xff80_0000, 0xff80), (0x0000_8001, 0x0001),
    ]
    let bytes = encoded(cases.map { Float(bitPattern: $0.0) }, .bf16)
    for (i, (_, expected)) in cases.enumerated() {
      #expect(UInt16(bytes[2 * i]) | UInt16(bytes[2 * i + 1]) << 8 == expected)
    }
    #expect(decoded(encoded([Float(bitPattern: 0x7f80_0001)], .bf16), .bf16)[0].isNaN)
    #expect(decoded([0x80, 0x3f, 0x01, 0x00], .bf16) == [1, Float(bitPattern: 0x1_0000)])
  }

  @Test func doublesRoundToFloats() {
    let doubles = [0.1, -1e300, 1 + 0x1p-24, 1 + 0x1.8p-23, 5e-324]
    let bytes = doubles.withUnsafeBytes { Array($0) }
    #expect(decoded(bytes, .f64) == doubles.map { Float($0) })
    #expect(decoded(encoded([0.1, -3], .f64), .f64) == [0.1, -3])
  }

  @Test(arguments: [DType.f16, .bf16, .f32, .f64])
  func firstNonFiniteIsFound(_ dtype: DType) {
    for bad in [Float.nan, .infinity, -.infinity] {
      for index in [0, 1, 1023, 1024, 2999] {
        var values = [Float](repeating: 1.5, count: 3000)
        values[index] = bad
        values[2999] = bad
        #expect(encoded(values, dtype).withUnsafeBytes { dtype.firstNonFinite(in: $0) } == index)
      }
    }
    #expect(encoded([1, -2], dtype).withUnsafeBytes { dtype.firstNonFinite(in: $0) } == nil)
    #expect([UInt8]().withUnsafeBytes { dtype.firstNonFinite(in: $0) } == nil)
    #expect(Tensor([2], [0, .nan]).firstNonFinite == 1)
  }

  @Test func doublesBeyondFloatAreNotFinite() {
    #expect([1.0, 1e39].withUnsafeBytes { DType.f64.firstNonFinite(in: $0) } == 1)
  }
}
