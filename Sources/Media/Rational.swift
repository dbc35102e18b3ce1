/// An exact fraction, always reduced and with a positive denominator: frame rates, times in seconds.
public struct Rational: Hashable, Sendable, Comparable {
  /// The reduced numerator; carries the sign.
  public let numerator: Int
  /// The reduced denominator, at least 1.
  public let denominator: Int

  /// `numerator / denominator`, reduced; `nil` when the denominator is 0.
  public init?(_ numerator: Int, over denominator: Int) {
    guard denominator != 0 else { return nil }
    self.init(wide: Int128(numerator), Int128(denominator))
  }

  /// A whole number.
  public init(_ value: Int) {
    numerator = value
    denominator = 1
  }

  /// Reads a fraction ("30000/1001", "30000:1001") or a decimal number ("23.976", "25").
  ///
  /// The usual decimal names of the NTSC rates (23.976, 23.98, 29.97, 59.94, 119.88) are taken as
  /// written, not as the fraction they stand for; see ``frameRate(_:)``.
  public init?(_ text: some StringProtocol) {
    let parts = text.split(
      separator: text.contains(":") ? ":" : "/", omittingEmptySubsequences: false)
    if parts.count == 2, let n = Int(parts[0]), let d = Int(parts[1]), d > 0 {
      self.init(n, over: d)
      return
    }
    guard parts.count == 1, let value = Self.decimal(text) else { return nil }
    self = value
  }

  /// Reads a frame rate as people write it: like ``init(_:)``, and 23.976, 23.98, 29.97, 59.94 and
  /// 119.88 mean 24000/1001, 30000/1001, 60000/1001 and 120000/1001. Must be positive.
  public static func frameRate(_ text: some StringProtocol) -> Rational? {
    let ntsc = ["23.976": 24, "23.98": 24, "29.97": 30, "59.94": 60, "119.88": 120]
    if let base = ntsc[String(text)] { return Rational(base * 1000, over: 1001) }
    guard let value = Rational(text), value > 0 else { return nil }
    return value
  }

  /// The nearest `Double`.
  public var value: Double { Double(numerator) / Double(denominator) }

  /// The largest whole number that is not above the fraction.
  public var floor: Int {
    let quotient = numerator / denominator
    return numerator % denominator < 0 ? quotient - 1 : quotient
  }

  /// The smallest whole number that is not below the fraction.
  public var ceiling: Int { -(Rational(0) - self).floor }

  /// The nearest whole number, halves upwards.
  public var rounded: Int { (self + Rational(wide: 1, 2)).floor }

  /// `1 / self`; the fraction must not be 0.
  public var reciprocal: Rational {
    precondition(numerator != 0, "reciprocal of zero")
    return Rational(wide: Int128(denominator), Int128(numerator))
  }

  public static func < (a: Rational, b: Rational) -> Bool {
    Int128(a.numerator) * Int128(b.denominator) < Int128(b.numerator) * Int128(a.denominator)
  }

  public static func + (a: Rational, b: Rational) -> Rational {
    let (an, ad) = (Int128(a.numerator), Int128(a.denominator))
    let (bn, bd) = (Int128(b.numerator), Int128(b.denominator))
    return Rational(wide: an * bd + bn * ad, ad * bd)
  }

  public static func - (a: Rational, b: Rational) -> Rational {
    a + Rational(wide: -Int128(b.numerator), Int128(b.denominator))
  }

  public static func * (a: Rational, b: Rational) -> Rational {
    Rational(
      wide: Int128(a.numerator) * Int128(b.numerator),
      Int128(a.denominator) * Int128(b.denominator))
  }

  /// The quotient; `b` must not be 0.
  public static func / (a: Rational, b: Rational) -> Rational { a * b.reciprocal }

  /// Reduces; a fraction too long for 64 bits loses its lowest bits, as a rounding would.
  private init(wide n: Int128, _ d: Int128) {
    var (a, b) = (n.magnitude, d.magnitude)
    while b != 0 { (a, b) = (b, a % b) }
    let divisor = max(a, 1)
    var (top, bottom) = (n.magnitude / divisor, d.magnitude / divisor)
    while top > UInt128(Int.max) || bottom > UInt128(Int.max) {
      (top, bottom) = (top >> 1, bottom >> 1)
    }
    let negative = (n < 0) != (d < 0)
    numerator = negative ? -Int(top) : Int(top)
    denominator = max(Int(bottom), 1)
  }

  private static func decimal(_ text: some StringProtocol) -> Rational? {
    let negative = text.first == "-"
    let parts = text.drop { $0 == "-" }.split(separator: ".", omittingEmptySubsequences: false)
    guard (1...2).contains(parts.count), text.count <= 18,
      !(negative && text.dropFirst().first == "-"),
      parts.allSatisfy({ !$0.isEmpty && $0.allSatisfy { $0.isASCII && $0.isWholeNumber } }),
      let digits = Int(parts.joined())
    else { return nil }
    let places = parts.count == 2 ? parts[1].count : 0
    let scale = (0..<places).reduce(1 as Int) { scale, _ in scale * 10 }
    return Rational(negative ? -digits : digits, over: scale)
  }
}

extension Rational: CustomStringConvertible, ExpressibleByIntegerLiteral {
  public init(integerLiteral value: Int) { self.init(value) }

  /// "30000/1001", or "25" for a whole number.
  public var description: String {
    denominator == 1 ? "\(numerator)" : "\(numerator)/\(denominator)"
  }
}
