import Foundation

/// The orientation that a camera noted in a JPEG's EXIF block (TIFF tag 0x0112).
///
/// Read from the file's segments, since libav tells it only with a decoded picture. A block that
/// makes no sense counts as none, as in viewers.
enum ExifOrientation {
  /// Of the JPEG file at `path`; `nil` where it has none.
  static func read(_ path: String) -> Orientation? {
    let file = FileHandle(forReadingAtPath: path)
    guard let beginning = try? file?.read(upToCount: searched) else { return nil }
    return parse([UInt8](beginning))
  }

  /// Of a JPEG that begins with `bytes`.
  static func parse(_ bytes: [UInt8]) -> Orientation? {
    let jpeg = ByteReader(bytes[...], isLittleEndian: false)
    guard jpeg.number(at: 0, size: 2) == 0xFFD8 else { return nil }
    var position = 2
    while let marker = jpeg.number(at: position, size: 2), isSegment(marker),
      let length = jpeg.number(at: position + 2, size: 2), length >= 2
    {
      let contents = bytes[min(position + 4, bytes.count)..<min(position + 2 + length, bytes.count)]
      if marker == 0xFFE1, contents.starts(with: Array("Exif\0\0".utf8)) {
        return orientation(tiff: contents.dropFirst(6))
      }
      position += 2 + length
    }
    return nil
  }

  /// Cameras put the block first; it is looked for in so many bytes.
  private static var searched: Int { 1 << 18 }

  /// A marker with a length behind it that comes before the picture data.
  private static func isSegment(_ marker: Int) -> Bool {
    (0xFFC0...0xFFFE).contains(marker) && !(0xFFD0...0xFFDA).contains(marker)
  }

  private static func orientation(tiff: ArraySlice<UInt8>) -> Orientation? {
    let isLittleEndian = tiff.starts(with: Array("II*\0".utf8))
    guard isLittleEndian || tiff.starts(with: Array("MM\0*".utf8)) else { return nil }
    let reader = ByteReader(tiff, isLittleEndian: isLittleEndian)
    guard let directory = reader.number(at: 4, size: 4),
      let count = reader.number(at: directory, size: 2)
    else { return nil }
    for entry in (0..<count).lazy.map({ directory + 2 + 12 * $0 }) {
      guard let tag = reader.number(at: entry, size: 2) else { return nil }
      guard tag == 0x0112 else { continue }
      // Types 3 and 4 are numbers of 16 and 32 bits.
      let size = reader.number(at: entry + 2, size: 2) == 4 ? 4 : 2
      return reader.number(at: entry + 8, size: size).flatMap(Orientation.init(exif:))
    }
    return nil
  }
}

extension Orientation {
  /// From EXIF's number: where the stored picture's first row and first column lie in the upright
  /// one. `nil` for numbers that mean nothing.
  init?(exif number: Int) {
    switch number {
    case 1: self.init()  // top, left
    case 2: self.init(isMirrored: true)  // top, right
    case 3: self.init(degrees: 180)  // bottom, right
    case 4: self.init(degrees: 180, isMirrored: true)  // bottom, left
    case 5: self.init(degrees: 90, isMirrored: true)  // left, top
    case 6: self.init(degrees: 90)  // right, top
    case 7: self.init(degrees: 270, isMirrored: true)  // right, bottom
    case 8: self.init(degrees: 270)  // left, bottom
    default: return nil
    }
  }
}

/// Numbers in a block of bytes; `nil` beyond its end.
private struct ByteReader {
  private let bytes: ArraySlice<UInt8>
  private let isLittleEndian: Bool

  init(_ bytes: ArraySlice<UInt8>, isLittleEndian: Bool) {
    self.bytes = bytes
    self.isLittleEndian = isLittleEndian
  }

  /// The unsigned number of `size` bytes at `offset` from the block's beginning.
  func number(at offset: Int, size: Int) -> Int? {
    guard offset >= 0, offset + size <= bytes.count else { return nil }
    let part = bytes.dropFirst(offset).prefix(size)
    let digits = isLittleEndian ? Array(part.reversed()) : Array(part)
    return digits.reduce(0) { $0 << 8 | Int($1) }
  }
}
