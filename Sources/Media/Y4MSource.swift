internal import CFFmpeg
import Foundation

/// Pictures of a YUV4MPEG2 file or of standard input.
final class Y4MSource: PictureSource {
  let info: VideoInfo
  let timing: Timing
  private(set) var lost = 0
  private let reader: Y4MReader
  private let path: String
  private let allowPartial: Bool
  private var number = 0
  private let file: FileHandle

  /// Whether the file at `path` begins as YUV4MPEG2 does.
  static func recognizes(_ path: String) -> Bool {
    guard let file = FileHandle(forReadingAtPath: path) else { return false }
    let magic = Data(Y4MHeader.magic.utf8)
    return (try? file.read(upToCount: magic.count)) == magic
  }

  /// - Parameter path: a file, or "-" for standard input.
  init(path: String, options: ReaderOptions) throws {
    self.path = path
    allowPartial = options.allowPartial
    guard let file = path == "-" ? .standardInput : FileHandle(forReadingAtPath: path) else {
      throw MediaError(path, "cannot open", reason: String(cString: strerror(errno)))
    }
    self.file = file
    let descriptor = file.fileDescriptor
    reader = try Y4MReader(name: path, maxPixels: options.maxPixels) { target in
      while true {
        let got = Foundation.read(descriptor, target.baseAddress, target.count)
        if got >= 0 { return got }
        guard errno == EINTR else {
          throw MediaError(path, "cannot read", reason: String(cString: strerror(errno)))
        }
      }
    }
    info = VideoInfo(reader.header)
    timing = Timing(
      rate: reader.header.frameRate, isResampled: false, count: nil, start: 0)
  }

  func skip(toFrame number: Int) throws {
    for _ in 0..<number {
      guard try reader.next() != nil else { break }
      self.number += 1
    }
  }

  func next() throws -> SourcePicture? {
    let samples: [UInt8]?
    do {
      samples = try reader.next()
    } catch {
      guard allowPartial else { throw error }
      lost += 1
      return nil
    }
    guard let samples else { return nil }
    let time = Rational(number) / timing.rate
    defer { number += 1 }
    return SourcePicture(picture: try picture(samples), time: time, number: number)
  }

  private func picture(_ samples: [UInt8]) throws -> Picture {
    let header = reader.header
    let picture = try Picture(
      width: header.width, height: header.height, format: header.layout.pixelFormat)
    picture.frame.pointee.color_range =
      header.layout.fullRange ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG
    picture.frame.pointee.chroma_location = header.layout.siting.location
    samples.withUnsafeBytes { bytes in
      var offset = 0
      for index in 0..<3 {
        guard let plane = picture.plane(index) else { return }
        let size = header.planeSize(index)
        let row = size.width * header.sampleSize
        for y in 0..<size.height {
          let target = UnsafeMutableRawBufferPointer(
            start: plane.base + y * plane.stride, count: row)
          target.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[offset..<(offset + row)]))
          offset += row
        }
      }
    }
    return picture
  }
}

extension VideoInfo {
  init(_ header: Y4MHeader) {
    let shown = Geometry.squarePixels(
      FrameSize(width: header.width, height: header.height), aspect: header.sampleAspect)
    self.init(
      container: "yuv4mpegpipe", codec: "rawvideo", width: shown.width, height: shown.height,
      codedWidth: header.width, codedHeight: header.height, rotation: 0, isMirrored: false,
      sampleAspect: header.sampleAspect,
      pixelFormat: av_get_pix_fmt_name(header.layout.pixelFormat).map { String(cString: $0) } ?? "",
      bitDepth: header.layout.bitDepth, hasAlpha: false, isImage: false,
      isInterlaced: header.isInterlaced,
      color: ColorInfo(
        matrix: "unknown", primaries: "unknown", transfer: "unknown",
        isFullRange: header.layout.fullRange, isHDR: false),
      layout: header.layout, frameRate: header.frameRate, averageRate: header.frameRate,
      isVariableRate: false, duration: nil, frameCount: nil, startTime: 0, audio: nil)
  }
}
