import Checkpoint
import Foundation

/// The recipe of a result, kept inside the file where players and viewers pass over it: that it is
/// there shows that the file was finished and what it was made of.
struct Stamp: Hashable {
  /// What safetensors metadata and PNG texts call it.
  static let key = "recipe"
  /// The type of the box at the end of an MP4: the version 5 UUID of the URL "vaecodec/recipe".
  private static let boxType: [UInt8] = [
    0x08, 0x05, 0xaa, 0x72, 0x25, 0x7c, 0x5b, 0x7f, 0xb8, 0xd3, 0xa9, 0x66, 0x39, 0xa7, 0x98, 0x74,
  ]
  /// Hexadecimal digits of a recipe.
  private static let length = 64

  let recipe: String

  init(_ recipe: String) {
    self.recipe = recipe
  }

  /// Puts the stamp into a finished file; formats without a place for it stay as they are.
  func append(to path: String, named name: String, _ kind: ClipWriter.Kind) throws {
    guard kind == .video(.mp4) || kind == .video(.png) else { return }
    let file = try File(updating: path, named: name)
    let size = try file.size()
    if kind == .video(.mp4) {
      let box = mp4Box
      try box.withUnsafeBytes { try file.write($0, at: size) }
    } else {
      // The last chunk, IEND, is always these 12 bytes; the text goes before it.
      let end: [UInt8] = [0, 0, 0, 0, 0x49, 0x45, 0x4E, 0x44, 0xAE, 0x42, 0x60, 0x82]
      try (pngChunk + end).withUnsafeBytes { try file.write($0, at: size - end.count) }
    }
  }

  /// The stamp of the file at `path`; nil where there is none.
  static func read(_ path: String) -> Stamp? {
    guard let file = try? File(reading: path), let size = try? file.size() else { return nil }
    for (lead, trail) in [(mp4Lead, 0), (pngLead, 16)] {
      let count = lead.count + length
      guard size >= count + trail else { continue }
      var bytes = [UInt8](repeating: 0, count: count)
      let isRead: Void? = try? bytes.withUnsafeMutableBytes {
        try file.read(into: $0, at: size - count - trail)
      }
      guard isRead != nil, bytes.starts(with: lead) else { continue }
      return Stamp(String(decoding: bytes[lead.count...], as: UTF8.self))
    }
    return nil
  }

  /// The stamp in the metadata of a safetensors file; nil where there is none.
  static func read(safetensors path: String) -> Stamp? {
    guard let file = try? SafetensorsFile(path: path) else { return nil }
    return file.metadata[key].map(Stamp.init)
  }

  private var mp4Box: [UInt8] { Self.mp4Lead + Array(recipe.utf8) }
  private var pngChunk: [UInt8] {
    let chunk = Self.pngLead + Array(recipe.utf8)
    // The checksum leaves out the chunk's length.
    return chunk + Self.checksum(chunk.dropFirst(4)).bigEndianBytes
  }

  /// CRC-32 as PNG uses it (ISO 3309).
  private static func checksum(_ bytes: some Sequence<UInt8>) -> UInt32 {
    ~bytes.reduce(.max) { state, byte in
      (0..<8).reduce(state ^ UInt32(byte)) { value, _ in
        value & 1 == 1 ? 0xEDB8_8320 ^ (value >> 1) : value >> 1
      }
    }
  }

  private static let mp4Lead: [UInt8] =
    UInt32(24 + length).bigEndianBytes + Array("uuid".utf8) + boxType
  private static let pngLead: [UInt8] =
    UInt32(key.utf8.count + 1 + length).bigEndianBytes + Array("tEXt\(key)\0".utf8)
}

extension UInt32 {
  fileprivate var bigEndianBytes: [UInt8] { withUnsafeBytes(of: bigEndian) { Array($0) } }
}
