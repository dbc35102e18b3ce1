import Foundation
import Media

extension Subject {
  static func y4m() -> Subject {
    let picture = [UInt8](repeating: 128, count: 24)
    return Subject(
      seeds: ["W4 H4 F25:1", "W4 H4 F30000:1001 Ip A1:1 C420mpeg2 XCOLORRANGE=FULL"].map {
        Array("YUV4MPEG2 \($0)\nFRAME\n".utf8) + picture + Array("FRAME Ix\n".utf8) + picture
      },
      tokens: y4mTokens,
      generate: { random in
        let fields = (0..<random.pick(1..<7)).map { _ in
          String(decoding: random.pick(y4mTokens), as: UTF8.self)
        }
        return Array("YUV4MPEG2 W2 H2 F1:1 \(fields.joined(separator: " "))\nFRAME\n".utf8)
          + picture
      },
      parse: { input in
        var rest = input[...]
        let reader = try Y4MReader(name: "input", maxPixels: 1 << 20) { target in
          let part = rest.prefix(min(target.count, 1000))
          rest = rest.dropFirst(part.count)
          target.copyBytes(from: part)
          return part.count
        }
        while try reader.next() != nil {}
      })
  }

  /// What opens any video or picture, libav* behind it.
  static func media() throws -> Subject {
    let file = try InputFile()
    let seeds = try [(VideoFormat.mp4, 5), (.png, 1), (.y4m, 2)].map { format, frames in
      let path = "\(file.path).\(format.rawValue)"
      defer { try? FileManager.default.removeItem(atPath: path) }
      let writer = try VideoWriter(
        path: path, format: format, width: 32, height: 16, frameRate: 25)
      for index in 0..<frames {
        let samples = (0..<3 * 32 * 16).map { UInt8(truncatingIfNeeded: $0 * (index + 3)) }
        try writer.write(RGBFrame(width: 32, height: 16, samples: .eight(samples), index: index))
      }
      try writer.finish()
      return Array(try Data(contentsOf: URL(filePath: path)))
    }
    let boxes = [
      "ftyp", "moov", "trak", "mdia", "minf", "stbl", "stsd", "stts", "ctts", "stsz", "stco",
      "stsc",
      "avc1", "avcC", "elst", "tkhd", "mdhd", "hdlr", "mdat", "moof", "colr", "pasp", "IHDR",
      "IDAT",
      "PLTE", "tRNS", "IEND", "FRAME\n",
    ]
    return Subject(
      seeds: seeds, tokens: boxes.map { Array($0.utf8) },
      generate: { random in
        // A span of zeros, or of noise, as damaged disks have them.
        var bytes = random.pick(seeds)
        let start = random.pick(0..<bytes.count)
        let end = min(bytes.count, start + random.pick(1..<200))
        let noise = random.bytes(end - start)
        bytes.replaceSubrange(start..<end, with: random.once(in: 2) ? noise : noise.map { _ in 0 })
        return bytes
      },
      parse: { input in
        try file.write(input)
        var options = ReaderOptions()
        options.maxPixels = 1 << 20
        options.frames = 40
        options.allowPartial = input.count.isMultiple(of: 2)
        options.allowHDR = true
        let reader = try VideoReader(path: file.path, options: options)
        while let frame = try reader.next() {
          guard frame.width == reader.width, frame.height == reader.height else {
            throw ImproperRefusal(description: "a frame of another size than announced")
          }
        }
        guard reader.warnings.allSatisfy({ !$0.contains("\n") }) else {
          throw ImproperRefusal(description: "a warning of several lines")
        }
      }, megabytes: 2048)
  }

  private static let y4mTokens = [
    "W4", "H4", "W65535", "H65535", "W0", "H-1", "F25:1", "F0:1", "F1:0", "F9223372036854775807:1",
    "Ip", "It", "Im", "A0:0", "A1:1", "A65535:1", "C420", "C420jpeg", "C420mpeg2", "C420paldv",
    "C422", "C444", "C420p10", "C422p10", "Cmono", "XYSCSS=420JPEG", "XCOLORRANGE=FULL",
    "XCOLORRANGE=", "\n", "FRAME\n", "FRAME I\n", "  ", "\r\n", "YUV4MPEG2 ",
  ].map { Array($0.utf8) }
}

/// A file for parsers that open theirs themselves, removed at the end.
final class InputFile {
  let path: String
  private let descriptor: Int32

  init() throws {
    path = NSTemporaryDirectory() + "/vaecodec-fuzz-\(UUID())"
    descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw ImproperRefusal(description: "cannot create \(path)") }
  }

  deinit {
    close(descriptor)
    unlink(path)
  }

  /// Replaces the file's contents.
  func write(_ bytes: [UInt8]) throws {
    let written = bytes.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, 0) }
    guard written == bytes.count, ftruncate(descriptor, off_t(bytes.count)) == 0 else {
      throw ImproperRefusal(description: "cannot write \(path)")
    }
  }
}
