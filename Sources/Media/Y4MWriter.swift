internal import CFFmpeg

/// YUV4MPEG2, to a file or to standard output.
final class Y4MWriter: FrameWriter {
  let warnings: [String] = []
  private let file: OutputFile
  private let header: Y4MHeader
  private let converter: YUVConverter

  init(path: String, size: FrameSize, frameRate: Rational, layout: YUVLayout) throws {
    header = Y4MHeader(
      width: size.width, height: size.height, frameRate: frameRate, layout: layout)
    converter = YUVConverter(size: size, padded: size, layout: layout, path: path)
    file = try OutputFile(path)
    try file.write(Array((header.line + "\n").utf8))
  }

  func write(_ frame: RGBFrame) throws {
    let picture = try converter.convert(frame)
    var bytes = Array("FRAME\n".utf8)
    bytes.reserveCapacity(bytes.count + header.pictureSize)
    for index in 0..<3 {
      guard let plane = picture.plane(index) else { continue }
      let size = header.planeSize(index)
      for y in 0..<size.height {
        bytes += UnsafeBufferPointer(
          start: plane.base + y * plane.stride, count: size.width * header.sampleSize)
      }
    }
    try file.write(bytes)
  }

  func finish() throws { try file.close() }
}
