/// The table of contents of a zip archive whose entries are stored, not compressed.
///
/// One archive that fills the file, on one disk, with or without zip64 fields. Source: APPNOTE.TXT
/// of PKWARE, sections 4.3 and 4.5.
struct ZipDirectory {
  struct Entry {
    var name: String
    var checksum: UInt32
    /// Where the entry's bytes lie in the file.
    var range: Range<Int>
  }

  private static let maximumEntries = 1 << 20

  /// Keyed by name.
  private(set) var entries: [String: Entry] = [:]

  /// Reads the directory of `file`, the whole file's bytes. Throws ``FormatProblem``.
  init(_ file: UnsafeRawBufferPointer) throws {
    let end = try EndRecord(file)
    guard end.entries <= Self.maximumEntries else {
      throw FormatProblem(
        "announces \(end.entries) entries; at most \(Self.maximumEntries) are read")
    }
    var fields = FieldReader(file, end.directory)
    var ranges: [Range<Int>] = []
    for _ in 0..<end.entries {
      let (entry, start) = try Self.entry(&fields, file, limit: end.directory.lowerBound)
      guard entries.updateValue(entry, forKey: entry.name) == nil else {
        throw FormatProblem("has two entries \(entry.name.quoted); names must differ")
      }
      ranges.append(start..<entry.range.upperBound)
    }
    guard fields.isAtEnd else { throw FormatProblem("has a zip directory longer than its entries") }
    ranges.sort { $0.lowerBound < $1.lowerBound }
    guard ranges.first.map({ $0.lowerBound == 0 }) ?? true,
      zip(ranges, ranges.dropFirst()).allSatisfy({ $0.upperBound <= $1.lowerBound })
    else { throw FormatProblem("has entries that overlap or do not begin the file") }
  }

  /// Reads one directory record and the local header it points to, which lies before `limit`.
  private static func entry(
    _ fields: inout FieldReader, _ file: UnsafeRawBufferPointer, limit: Int
  ) throws -> (Entry, start: Int) {
    guard try fields.u32() == 0x0201_4b50 else {
      throw FormatProblem("has a broken zip directory; is it damaged?")
    }
    try fields.skip(4)  // versions
    let flags = try fields.u16()
    let method = try fields.u16()
    try fields.skip(4)  // time and date
    let checksum = try fields.u32()
    let sizes = (packed: try fields.u32(), plain: try fields.u32())
    let lengths = (name: try fields.u16(), extra: try fields.u16(), comment: try fields.u16())
    let disk = try fields.u16()
    try fields.skip(6)  // attributes
    let offset = try fields.u32()
    let name = try fields.text(Int(lengths.name))
    var extra = try fields.sub(Int(lengths.extra))
    try fields.skip(Int(lengths.comment))

    let long = try LongFields(
      &extra, plain: sizes.plain, packed: sizes.packed, offset: offset)
    guard disk == 0 else { throw FormatProblem("is part of a split zip archive") }
    guard flags & 1 == 0, method == 0, long.plain == long.packed else {
      throw FormatProblem("entry \(name.quoted) is compressed or encrypted; it must be stored")
    }
    var local = FieldReader(file, 0..<limit)
    try local.skip(long.offset)
    guard try local.u32() == 0x0403_4b50 else {
      throw FormatProblem("entry \(name.quoted) has no local header; is the file damaged?")
    }
    try local.skip(22)
    let localLengths = (name: try local.u16(), extra: try local.u16())
    guard try local.text(Int(localLengths.name)) == name else {
      throw FormatProblem("entry \(name.quoted) has another name in its local header")
    }
    try local.skip(Int(localLengths.extra))
    let start = local.offset
    try local.skip(long.plain)
    let entry = Entry(name: name, checksum: checksum, range: start..<local.offset)
    return (entry, long.offset)
  }
}

/// Where a zip file's directory lies.
private struct EndRecord {
  var entries: Int
  var directory: Range<Int>

  init(_ file: UnsafeRawBufferPointer) throws {
    let start = try Self.start(in: file)
    var fields = FieldReader(file, start + 4..<file.count)
    let disks = (try fields.u16(), try fields.u16())
    let counts = (try fields.u16(), try fields.u16())
    let size = try fields.u32()
    let offset = try fields.u32()
    entries = Int(counts.1)
    var (size64, offset64, end) = (Int(size), Int(offset), start)
    var isOneDisk = disks == (0, 0) && counts.0 == counts.1

    let locator = start - 20
    if locator >= 0 {
      var fields = FieldReader(file, locator..<start)
      if try fields.u32() == 0x0706_4b50 {
        let disk = try fields.u32()
        end = try fields.natural()
        isOneDisk = try fields.u32() == 1 && disk == 0
        fields = FieldReader(file, 0..<locator)
        try fields.skip(end)
        guard try fields.u32() == 0x0606_4b50, try fields.natural() == locator - end - 12 else {
          throw FormatProblem("has a broken zip64 record; is it damaged?")
        }
        try fields.skip(4)  // versions
        let disks = (try fields.u32(), try fields.u32())
        let first = try fields.natural()
        entries = try fields.natural()
        isOneDisk = isOneDisk && disks == (0, 0) && first == entries
        size64 = try fields.natural()
        offset64 = try fields.natural()
      }
    }
    guard isOneDisk else { throw FormatProblem("is part of a split zip archive") }
    guard offset64 <= end, size64 == end - offset64 else {
      throw FormatProblem("is not one whole zip archive: its directory is not where it should be")
    }
    directory = offset64..<end
  }

  /// Finds the record, which a comment of up to 65,535 bytes may follow.
  private static func start(in file: UnsafeRawBufferPointer) throws -> Int {
    let last = file.count - 22
    for start in stride(from: last, through: max(0, last - 0xffff), by: -1)
    where file[start] == 0x50 {
      let signature = file.loadUnaligned(fromByteOffset: start, as: UInt32.self)
      let comment = file.loadUnaligned(fromByteOffset: start + 20, as: UInt16.self)
      if UInt32(littleEndian: signature) == 0x0605_4b50,
        Int(UInt16(littleEndian: comment)) == last - start
      {
        return start
      }
    }
    throw FormatProblem("has no zip directory at its end; is it truncated?")
  }
}

/// Sizes and place of an entry, from its zip64 field where the short ones overflow.
private struct LongFields {
  var plain: Int
  var packed: Int
  var offset: Int

  init(_ extra: inout FieldReader, plain: UInt32, packed: UInt32, offset: UInt32) throws {
    (self.plain, self.packed, self.offset) = (Int(plain), Int(packed), Int(offset))
    guard [plain, packed, offset].contains(.max) else { return }
    while !extra.isAtEnd {
      let tag = try extra.u16()
      var field = try extra.sub(Int(extra.u16()))
      guard tag == 1 else { continue }
      if plain == .max { self.plain = try field.natural() }
      if packed == .max { self.packed = try field.natural() }
      if offset == .max { self.offset = try field.natural() }
      return
    }
  }
}
