/// Lays out a zip archive of stored entries, of which the last may be written elsewhere.
package struct ZipBuilder {
  private struct Entry {
    var name: String
    var checksum: UInt32
    var size: Int
    /// Place of the local header.
    var offset: Int
  }

  /// The archive up to the contents of the entry that was begun last.
  package private(set) var bytes: [UInt8] = []

  package init() {}

  private var entries: [Entry] = []

  /// Adds a whole entry.
  package mutating func append(_ name: String, _ contents: [UInt8]) {
    begin(name, size: contents.count)
    end(checksum: contents.withUnsafeBytes { CRC32.checksum($0) })
    bytes += contents
  }

  /// Adds the header of an entry whose contents, `size` bytes below 4 GiB, come at a multiple of 64.
  mutating func begin(_ name: String, size: Int) {
    entries.append(Entry(name: name, checksum: 0, size: size, offset: bytes.count))
    // A field of its own type, as PyTorch has it, pads the header.
    let end = bytes.count + 30 + name.utf8.count + 4
    let padding = -end & 63
    bytes += littleEndian(UInt32(0x0403_4b50)) + fields(entries[entries.count - 1])
    bytes += littleEndian(UInt16(name.utf8.count)) + littleEndian(UInt16(4 + padding))
    bytes += Array(name.utf8) + Array("FB".utf8) + littleEndian(UInt16(padding))
    bytes += [UInt8](repeating: UInt8(ascii: "Z"), count: padding)
  }

  /// Sets the checksum of the entry that was begun last.
  mutating func end(checksum: UInt32) {
    entries[entries.count - 1].checksum = checksum
    let entry = entries[entries.count - 1]
    bytes.replaceSubrange(entry.offset + 14..<entry.offset + 18, with: littleEndian(checksum))
  }

  /// The table of contents, to be written at `offset`, behind the last entry.
  package func directory(at offset: Int) -> [UInt8] {
    var directory: [UInt8] = []
    for entry in entries {
      directory += littleEndian(UInt32(0x0201_4b50)) + littleEndian(UInt16(0)) + fields(entry)
      directory += littleEndian(UInt16(entry.name.utf8.count))
      directory += [UInt8](repeating: 0, count: 12)  // extra, comment, disk, attributes
      directory += littleEndian(UInt32(entry.offset)) + Array(entry.name.utf8)
    }
    let count = littleEndian(UInt16(entries.count))
    let size = littleEndian(UInt32(directory.count))
    directory += littleEndian(UInt32(0x0605_4b50)) + [0, 0, 0, 0] + count + count + size
    return directory + littleEndian(UInt32(offset)) + [0, 0]
  }

  /// Version, flags (names are UTF-8), method, no time, the date 1980-01-01, checksum and sizes.
  private func fields(_ entry: Entry) -> [UInt8] {
    [10, 0, 0, 8, 0, 0, 0, 0, 0x21, 0] + littleEndian(entry.checksum)
      + littleEndian(UInt32(entry.size)) + littleEndian(UInt32(entry.size))
  }
}

/// The bytes of `value`, lowest first.
package func littleEndian(_ value: some FixedWidthInteger) -> [UInt8] {
  withUnsafeBytes(of: value.littleEndian) { Array($0) }
}
