internal import CFFmpeg

/// H.264 in MP4, with copied sound.
final class MP4Writer: FrameWriter {
  private(set) var warnings: [String] = []
  private let converter: YUVConverter
  private let encoder: Encoder
  private let muxer: Muxer
  private let video: UnsafeMutablePointer<AVStream>
  private var audio: AudioCopier?
  private let frameRate: Rational
  private var count: Int64 = 0

  /// x264's bytes depend on its number of threads, so that is the same everywhere.
  private static let threads: Int32 = 4

  init(path: String, size: FrameSize, frameRate: Rational, options: WriterOptions) throws {
    let rate = frameRate.shortened
    self.frameRate = rate
    // 4:2:0 H.264 needs even sizes.
    let padded = FrameSize(
      width: size.width + size.width % 2, height: size.height + size.height % 2)
    let layout = YUVLayout()
    let converter = YUVConverter(size: size, padded: padded, layout: layout, path: path)
    self.converter = converter
    encoder = try Encoder(
      "libx264", options: Self.encoderOptions(options), path: path
    ) { context in
      context.width = Int32(padded.width)
      context.height = Int32(padded.height)
      context.pix_fmt = layout.pixelFormat
      context.time_base = rate.reciprocal.av
      context.framerate = rate.av
      context.sample_aspect_ratio = AVRational(num: 1, den: 1)
      context.thread_count = Self.threads
      context.flags |= AV_CODEC_FLAG_GLOBAL_HEADER
      context.colorspace = AVColorSpace(rawValue: converter.meaning.matrix)
      context.color_range = AVCOL_RANGE_MPEG
      // The frames are plain RGB of screens, whose primaries are BT.709's.
      context.color_primaries = AVCOL_PRI_BT709
      context.color_trc = AVCOL_TRC_BT709
      context.chroma_sample_location = layout.siting.location
    }
    let muxer = try Muxer(path: path)
    self.muxer = muxer
    let parameters = encoder.context
    video = try muxer.addStream { stream in
      try check(
        avcodec_parameters_from_context(stream.pointee.codecpar, parameters), path, "cannot write")
      stream.pointee.time_base = rate.reciprocal.av
      stream.pointee.avg_frame_rate = rate.av
    }
    if let source = options.audio {
      var warning: String?
      audio = try AudioCopier(source, into: muxer) { warning = $0 }
      if let warning { warnings.append(warning) }
    }
    try muxer.begin()
  }

  func write(_ frame: RGBFrame) throws {
    let picture = try converter.convert(frame)
    picture.frame.pointee.pts = count
    count += 1
    try encode(picture)
  }

  func finish() throws {
    try encode(nil)
    try audio?.copy(upTo: Rational(Int(count)) / frameRate)
    if let warning = audio?.warning { warnings.append(warning) }
    try muxer.finish()
  }

  private static func encoderOptions(_ options: WriterOptions) -> [String: String] {
    var all = ["preset": options.preset, "crf": String(options.crf)]
    #if arch(x86_64)
      // x264's AVX-512 code for macroblock trees reads memory it never wrote (seen in 0.164, small
      // pictures), so that equal frames gave different files.
      if av_get_cpu_flags() & AV_CPU_FLAG_AVX512 != 0 { all["x264-params"] = "asm=avx2" }
    #endif
    return all
  }

  private func encode(_ picture: Picture?) throws {
    try encoder.encode(picture) { packet in
      packet.packet.pointee.duration = 1
      // Sound goes in just ahead of the pictures, so that neither waits for the other.
      try audio?.copy(upTo: Rational(Int(packet.packet.pointee.dts)) / frameRate)
      try muxer.write(packet, to: video, unit: frameRate.reciprocal.av)
    }
  }
}
