import Media
import Testing

@Suite struct RationalTests {
  @Test func readsFractionsAndDecimals() {
    #expect(Rational("30000/1001") == Rational(30000, over: 1001))
    #expect(Rational("24000:1001") == Rational(24000, over: 1001))
    #expect(Rational("12.5") == Rational(25, over: 2))
    #expect(Rational("-0.25") == Rational(-1, over: 4))
    for bad in ["", "x", "1/0", "1/-2", "1.2.3", "--1", "1e3", ".", "99999999999999999999"] {
      #expect(Rational(bad) == nil, "\(bad)")
    }
  }

  @Test func decimalNamesOfTelevisionRatesMeanFractions() {
    #expect(Rational.frameRate("23.976") == Rational(24000, over: 1001))
    #expect(Rational.frameRate("29.97") == Rational(30000, over: 1001))
    #expect(Rational.frameRate("25") == 25)
    #expect(Rational.frameRate("0") == nil)
  }

  @Test func arithmeticIsExact() {
    let third = Rational(1, over: 3) ?? 0
    #expect(third + third + third == 1)
    #expect(third * 3 == 1)
    #expect((third / 2).description == "1/6")
    #expect(Rational(-7, over: 2)?.floor == -4)
    #expect(Rational(-7, over: 2)?.ceiling == -3)
    #expect(Rational(7, over: 2)?.rounded == 4)
    #expect(third < Rational(1, over: 2) ?? 0)
  }

  @Test func hugeNumbersAreRoundedInsteadOfTrapping() {
    let huge = Rational(Int.max, over: 3) ?? 0
    let product = huge * huge
    #expect(product.denominator >= 1)
    #expect((Rational(Int.min, over: 1) ?? 0).value < 0)
  }
}
