/// The first line of a YUV4MPEG2 stream.
public struct Y4MHeader: Hashable, Sendable {
  public var width: Int
  public var height: Int
  /// Frames per second.
  public var frameRate: Rational
  public var layout: YUVLayout
  /// Width of a pixel relative to its height; 1 when unknown.
  public var sampleAspect: Rational
  public var isInterlaced: Bool

  /// What every stream begins with.
  static let magic = "YUV4MPEG2"

  public init(
    width: Int, height: Int, frameRate: Rational, layout: YUVLayout = YUVLayout(),
    sampleAspect: Rational = 1, isInterlaced: Bool = false
  ) {
    self.width = width
    self.height = height
    self.frameRate = frameRate
    self.layout = layout
    self.sampleAspect = sampleAspect
    self.isInterlaced = isInterlaced
  }

  /// Reads a header line, without its line feed.
  ///
  /// - Throws: ``MediaError`` for what is missing, malformed, given twice or not supported.
  init(line: String, path: String) throws {
    let fields = line.split(separator: " ", omittingEmptySubsequences: false)
    func fail(_ reason: String) -> MediaError { MediaError(path, reason: "Y4M header: \(reason)") }
    guard fields.first.map(String.init) == Self.magic else {
      throw fail("does not begin with \(Self.magic)")
    }
    var values: [Character: String] = [:]
    var range: String?
    for field in fields.dropFirst() {
      guard let tag = field.first else { throw fail("two spaces in a row") }
      let value = String(field.dropFirst())
      if tag == "X" {
        if value.hasPrefix("COLORRANGE=") {
          guard range == nil else { throw fail("XCOLORRANGE is given twice") }
          range = String(value.dropFirst("COLORRANGE=".count))
        }
        continue
      }
      guard "WHFIAC".contains(tag) else { throw fail("unknown field \(field)") }
      guard values.updateValue(value, forKey: tag) == nil else {
        throw fail("field \(tag) is given twice")
      }
    }
    func size(_ tag: Character) throws -> Int {
      guard let text = values[tag], text.allSatisfy(\.isNumber), let value = Int(text),
        (1...65535).contains(value)
      else { throw fail("\(tag) must be a size from 1 to 65535") }
      return value
    }
    width = try size("W")
    height = try size("H")
    guard let rate = values["F"].flatMap(Self.ratio), rate > 0 else {
      throw fail("F must be a frame rate such as 30000:1001")
    }
    frameRate = rate
    switch values["I"] ?? "?" {
    case "p", "?": isInterlaced = false
    case "t", "b", "m": isInterlaced = true
    case let other: throw fail("unknown interlacing I\(other)")
    }
    switch values["A"] ?? "0:0" {
    case "0:0": sampleAspect = 1
    case let text:
      guard let aspect = Self.ratio(text), aspect > 0 else {
        throw fail("A must be an aspect such as 1:1")
      }
      sampleAspect = aspect
    }
    layout = try Self.layout(values["C"] ?? "420jpeg", fail)
    switch range {
    case "FULL": layout.fullRange = true
    case "LIMITED", nil: break
    case let other?: throw fail("XCOLORRANGE must be FULL or LIMITED, not \(other)")
    }
  }

  /// The header line, without its line feed.
  public var line: String {
    let space = layout.subsampling.rawValue
    let chroma =
      switch (layout.subsampling, layout.bitDepth) {
      case (.s420, 8): "420" + layout.siting.rawValue
      case (_, 8): space
      case (_, let depth): "\(space)p\(depth) XYSCSS=\(space)P\(depth)"
      }
    return "\(Self.magic) W\(width) H\(height) F\(frameRate.numerator):\(frameRate.denominator) "
      + "I\(isInterlaced ? "m" : "p") A\(sampleAspect.numerator):\(sampleAspect.denominator) "
      + "C\(chroma) XCOLORRANGE=\(layout.fullRange ? "FULL" : "LIMITED")"
  }

  /// Columns and rows of a plane: 0 luma, 1 and 2 chroma.
  func planeSize(_ plane: Int) -> (width: Int, height: Int) {
    guard plane > 0 else { return (width, height) }
    return switch layout.subsampling {
    case .s420: ((width + 1) / 2, (height + 1) / 2)
    case .s422: ((width + 1) / 2, height)
    case .s444: (width, height)
    }
  }

  /// Bytes of one sample.
  var sampleSize: Int { layout.bitDepth > 8 ? 2 : 1 }

  /// Bytes of one picture.
  public var pictureSize: Int {
    (0..<3).reduce(0) { sum, plane in
      let size = planeSize(plane)
      return sum + size.width * size.height * sampleSize
    }
  }

  private static func ratio(_ text: String) -> Rational? {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2, parts.allSatisfy({ $0.allSatisfy(\.isNumber) }),
      let n = Int(parts[0]), let d = Int(parts[1])
    else { return nil }
    return Rational(n, over: d)
  }

  private static func layout(
    _ text: String, _ fail: (String) -> MediaError
  ) throws -> YUVLayout {
    switch text {
    case "420jpeg", "420": YUVLayout(.s420, siting: .center)
    case "420mpeg2": YUVLayout(.s420, siting: .left)
    case "420paldv": YUVLayout(.s420, siting: .topLeft)
    case "422": YUVLayout(.s422)
    case "444": YUVLayout(.s444)
    case "420p10": YUVLayout(.s420, bitDepth: 10)
    case "422p10": YUVLayout(.s422, bitDepth: 10)
    case "444p10": YUVLayout(.s444, bitDepth: 10)
    default:
      throw fail("colour space C\(text) is not read; 420, 422 or 444 with 8 or 10 bits are")
    }
  }
}
