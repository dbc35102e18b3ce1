internal import CFFmpeg

/// One picture as an 8-bit RGB PNG.
final class PNGWriter: FrameWriter {
  let warnings: [String] = []
  private let path: String
  private let file: OutputFile
  private let encoder: Encoder
  private var isWritten = false

  init(path: String, size: FrameSize) throws {
    self.path = path
    encoder = try Encoder("png", options: ["pred": "mixed"], path: path) { context in
      context.width = Int32(size.width)
      context.height = Int32(size.height)
      context.pix_fmt = AV_PIX_FMT_RGB24
      context.time_base = AVRational(num: 1, den: 1)
      context.thread_count = 1
    }
    file = try OutputFile(path)
  }

  func write(_ frame: RGBFrame) throws {
    guard !isWritten else { throw MediaError(path, reason: "a PNG holds one frame") }
    isWritten = true
    let picture = try Picture(
      width: frame.width, height: frame.height, format: AV_PIX_FMT_RGB24)
    let bytes = frame.bytes
    guard let (base, stride) = picture.plane(0) else { return }
    let area = frame.width * frame.height
    for y in 0..<frame.height {
      for x in 0..<frame.width {
        for c in 0..<3 { base[y * stride + 3 * x + c] = bytes[c * area + y * frame.width + x] }
      }
    }
    try encoder.encode(picture, save)
    try encoder.encode(nil, save)
  }

  func finish() throws {
    guard isWritten else { throw MediaError(path, reason: "no frame to write") }
    try file.close()
  }

  private func save(_ packet: Packet) throws {
    let data = packet.packet.pointee
    try file.write(UnsafeRawBufferPointer(start: data.data, count: Int(data.size)))
  }
}
