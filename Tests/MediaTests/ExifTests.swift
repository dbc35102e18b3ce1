import Foundation
import Testing

@testable import Media

/// JPEGs stand as the camera noted.
@Suite struct ExifTests {
  /// Where the stored first row and first column lie in the upright picture, by EXIF's number.
  static let sides = [
    1: ("top", "left"), 2: ("top", "right"), 3: ("bottom", "right"), 4: ("bottom", "left"),
    5: ("left", "top"), 6: ("right", "top"), 7: ("right", "bottom"), 8: ("left", "bottom"),
  ]

  @Test(arguments: 1...8, [true, false])
  func allOrientationsStandUpright(number: Int, isLittleEndian: Bool) throws {
    let shop = try Workshop()
    let plain = try shop.video("plain.jpg", size: "24x16", frames: 1, "-c:v mjpeg -q:v 2")
    let turned = shop.path("turned.jpg")
    try jpeg(plain, with: exif(number, isLittleEndian: isLittleEndian)).write(
      to: URL(fileURLWithPath: turned))
    let stored = try #require(try readAll(plain).first)
    let upright = try #require(try readAll(turned).first)
    let (row, column) = try #require(Self.sides[number])
    let isTurned = ["left", "right"].contains(row)
    #expect((upright.width, upright.height) == (isTurned ? (16, 24) : (24, 16)))
    #expect(try probe(turned).width == upright.width)
    for (y, x) in [(0, 0), (0, 23), (15, 0), (15, 23), (3, 20), (9, 5)] {
      // A stored row lies as far from the first row's side as it has rows before it.
      func place(_ side: String, _ distance: Int) -> Int {
        switch side {
        case "right": upright.width - 1 - distance
        case "bottom": upright.height - 1 - distance
        default: distance
        }
      }
      let (a, b) = (place(row, y), place(column, x))
      let (x2, y2) = isTurned ? (a, b) : (b, a)
      for c in 0..<3 {
        #expect(
          upright.bytes[(c * upright.height + y2) * upright.width + x2]
            == stored.bytes[(c * 16 + y) * 24 + x], "\(number): \(x), \(y)")
      }
    }
  }

  @Test func blocksThatMakeNoSenseCountAsNone() throws {
    let shop = try Workshop()
    let plain = try shop.video("plain.jpg", size: "24x16", frames: 1, "-c:v mjpeg -q:v 2")
    let whole = exif(6, isLittleEndian: true)
    #expect(
      ExifOrientation.parse([UInt8](try jpeg(plain, with: whole))) == Orientation(degrees: 90))
    var blocks = [
      exif(0, isLittleEndian: true), exif(9, isLittleEndian: false), whole.prefix(20),
    ]
    for i in 0..<14 {
      blocks.append(whole)
      blocks[blocks.count - 1][i] ^= 0x5A
    }
    for block in blocks {
      let file = shop.path("bad.jpg")
      try jpeg(plain, with: block).write(to: URL(fileURLWithPath: file))
      #expect(ExifOrientation.read(file) == nil, "\([UInt8](block))")
      #expect(try readAll(file).first?.width == 24)
    }
    #expect(ExifOrientation.parse([]) == nil)
    #expect(ExifOrientation.parse([0xFF, 0xD8, 0xFF, 0xE1, 0xFF]) == nil)
    #expect(ExifOrientation.read(shop.path("none.jpg")) == nil)
  }

  @Test func otherSegmentsMayComeFirstAndNumbersMayBeLong() throws {
    let shop = try Workshop()
    let plain = try shop.video("plain.jpg", size: "24x16", frames: 1, "-c:v mjpeg -q:v 2")
    var long = exif(8, isLittleEndian: true)
    long[30] = 4
    let notes = segment(0xE1, Data("http://ns.adobe.com/xap/1.0/\0".utf8))
    let original = try Data(contentsOf: URL(fileURLWithPath: plain))
    let bytes = original.prefix(2) + notes + segment(0xE1, long) + original.dropFirst(2)
    #expect(ExifOrientation.parse([UInt8](bytes)) == Orientation(degrees: 270))
  }

  /// The contents of an APP1 segment with two entries, the second the orientation.
  private func exif(_ number: Int, isLittleEndian: Bool) -> Data {
    func bytes(_ value: Int, _ size: Int) -> [UInt8] {
      let digits = (0..<size).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
      return isLittleEndian ? digits : digits.reversed()
    }
    let entries =
      bytes(0x010F, 2) + bytes(2, 2) + bytes(4, 4) + Array("Abc\0".utf8)
      + bytes(0x0112, 2) + bytes(3, 2) + bytes(1, 4) + bytes(number, 2) + [0, 0]
    return Data("Exif\0\0".utf8) + Data(isLittleEndian ? "II".utf8 : "MM".utf8)
      + Data(bytes(42, 2) + bytes(8, 4) + bytes(2, 2) + entries + bytes(0, 4))
  }

  private func segment(_ marker: UInt8, _ contents: Data) -> Data {
    let length = contents.count + 2
    return Data([0xFF, marker, UInt8(length >> 8), UInt8(length & 255)]) + contents
  }

  /// The JPEG at `path` with a segment more behind its first marker.
  private func jpeg(_ path: String, with exif: Data) throws -> Data {
    let original = try Data(contentsOf: URL(fileURLWithPath: path))
    return original.prefix(2) + segment(0xE1, exif) + original.dropFirst(2)
  }
}
