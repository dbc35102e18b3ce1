/// Reads the pictures of a YUV4MPEG2 stream from any supply of bytes. Strict: what the format does
/// not allow is an error, never a guess. Not thread-safe.
public final class Y4MReader {
  public let header: Y4MHeader
  private let path: String
  private let input: Y4MInput
  private var count = 0

  /// - Parameters:
  ///   - name: what errors call the stream.
  ///   - maxPixels: larger pictures are refused before memory is taken for them.
  ///   - supply: fills as much of the buffer as it likes and returns how much, 0 at the end.
  public init(
    name: String, maxPixels: Int = ReaderOptions().maxPixels,
    supply: @escaping (UnsafeMutableRawBufferPointer) throws -> Int
  ) throws {
    path = name
    input = Y4MInput(path: name, supply: supply)
    guard let line = try input.readLine() else { throw MediaError(name, reason: "is empty") }
    header = try Y4MHeader(line: line, path: name)
    guard header.width * header.height <= maxPixels else {
      throw MediaError(
        name, reason: "claims \(header.width)x\(header.height) pixels, more than \(maxPixels)")
    }
  }

  /// The next picture: its planes Y, U, V one after the other, without gaps, 10-bit samples as two
  /// bytes, low byte first. `nil` at the end.
  ///
  /// - Throws: ``MediaError`` naming the picture that is malformed or cut short.
  public func next() throws -> [UInt8]? {
    guard let line = try input.readLine() else { return nil }
    guard line == "FRAME" || line.hasPrefix("FRAME ") else {
      throw MediaError(path, reason: "frame \(count) does not begin with FRAME")
    }
    let size = header.pictureSize
    var received = 0
    let picture = try [UInt8](unsafeUninitializedCapacity: size) { target, initialized in
      received = try input.read(into: UnsafeMutableRawBufferPointer(target), size)
      initialized = received
    }
    guard received == size else {
      throw MediaError(path, reason: "frame \(count) is cut short: \(received) of \(size) bytes")
    }
    count += 1
    return picture
  }
}

/// Buffered bytes: lines of text, then blocks.
private final class Y4MInput {
  private let path: String
  private let supply: (UnsafeMutableRawBufferPointer) throws -> Int
  private var buffer = [UInt8](repeating: 0, count: 65536)
  private var position = 0
  private var filled = 0

  /// The longest header or frame line taken.
  private static let longestLine = 1024

  init(path: String, supply: @escaping (UnsafeMutableRawBufferPointer) throws -> Int) {
    self.path = path
    self.supply = supply
  }

  /// Copies `count` bytes, fewer at the end of the stream.
  func read(into target: UnsafeMutableRawBufferPointer, _ count: Int) throws -> Int {
    var done = 0
    while done < count {
      if position < filled {
        let part = min(count - done, filled - position)
        buffer.withUnsafeBytes { bytes in
          target[done..<(done + part)].copyBytes(from: bytes[position..<(position + part)])
        }
        position += part
        done += part
      } else {
        let got = try supply(UnsafeMutableRawBufferPointer(rebasing: target[done..<count]))
        if got <= 0 { break }
        done += got
      }
    }
    return done
  }

  /// The next line without its line feed; `nil` at the end of the stream.
  func readLine() throws -> String? {
    var line: [UInt8] = []
    while true {
      if position == filled {
        position = 0
        filled = try buffer.withUnsafeMutableBytes { try supply($0) }
        if filled <= 0 {
          filled = 0
          if line.isEmpty { return nil }
          throw MediaError(path, reason: "ends in the middle of a line")
        }
      }
      let byte = buffer[position]
      position += 1
      if byte == UInt8(ascii: "\n") { break }
      guard line.count < Self.longestLine, (32...126).contains(byte) else {
        throw MediaError(path, reason: "is not YUV4MPEG2 where a line of text should be")
      }
      line.append(byte)
    }
    return String(decoding: line, as: UTF8.self)
  }
}
