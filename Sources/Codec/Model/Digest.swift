import Crypto
import Foundation

/// SHA-256 of files and texts, in hexadecimal.
enum Digest {
  /// Of `files` one after the other, read in pieces.
  static func sha256(files: [String]) throws -> String {
    var hash = SHA256()
    for path in files {
      let file = try File(reading: path)
      let size = try file.size()
      var offset = 0
      try withUnsafeTemporaryAllocation(byteCount: 1 << 18, alignment: 16) { buffer in
        while offset < size {
          let count = min(buffer.count, size - offset)
          let piece = UnsafeMutableRawBufferPointer(rebasing: buffer[..<count])
          try file.read(into: piece, at: offset)
          hash.update(bufferPointer: UnsafeRawBufferPointer(piece))
          offset += count
        }
      }
    }
    return hexadecimal(hash.finalize())
  }

  static func sha256(_ bytes: UnsafeRawBufferPointer) -> String {
    var hash = SHA256()
    hash.update(bufferPointer: bytes)
    return hexadecimal(hash.finalize())
  }

  static func sha256(_ text: String) -> String {
    hexadecimal(SHA256.hash(data: Data(text.utf8)))
  }

  /// Tells whether a source is still the one it was: of its size, its first and its last MiB.
  /// Cheap on files of any length. Nil for what is not a regular file.
  static func fingerprint(of path: String) throws -> String? {
    let isRegular =
      try? FileManager.default.attributesOfItem(atPath: path)[.type] as? FileAttributeType
      == .typeRegular
    guard path != "-", isRegular == true else { return nil }
    let file = try File(reading: path)
    let size = try file.size()
    let length = min(size, 1 << 20)
    var hash = SHA256()
    hash.update(data: Data("\(size)".utf8))
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: max(length, 1), alignment: 16)
    defer { buffer.deallocate() }
    let piece = UnsafeMutableRawBufferPointer(rebasing: buffer[..<length])
    for offset in [0, size - length] {
      try file.read(into: piece, at: offset)
      hash.update(bufferPointer: UnsafeRawBufferPointer(piece))
    }
    return hexadecimal(hash.finalize())
  }

  private static func hexadecimal(_ digest: SHA256.Digest) -> String {
    digest.map { byte in
      (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }.joined()
  }
}
