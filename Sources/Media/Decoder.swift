internal import CFFmpeg

/// Turns packets of one video stream into pictures. Not thread-safe.
final class Decoder {
  private let context: UnsafeMutablePointer<AVCodecContext>

  /// - Parameter maxPixels: larger pictures are refused before memory is taken for them.
  init(
    _ stream: UnsafeMutablePointer<AVStream>, path: String, maxPixels: Int
  ) throws {
    let parameters = stream.pointee.codecpar
    guard let id = parameters?.pointee.codec_id, let codec = Self.decoder(id, of: stream) else {
      throw MediaError(path, reason: "no decoder for its video codec")
    }
    guard let context = avcodec_alloc_context3(codec) else {
      throw MediaError(path, "cannot decode", code: cff_no_memory)
    }
    self.context = context
    try check(avcodec_parameters_to_context(context, parameters), path, "cannot decode")
    context.pointee.pkt_timebase = stream.pointee.time_base
    context.pointee.max_pixels = Int64(maxPixels)
    // Every picture stands for itself in these, and their smallest damage can be told.
    let hasCheckedData = [AV_CODEC_ID_PNG, AV_CODEC_ID_MJPEG].contains(id)
    // Frame threads would report damage on another frame than the damaged one.
    context.pointee.thread_count = 1
    context.pointee.err_recognition =
      AV_EF_CRCCHECK | AV_EF_CAREFUL | (hasCheckedData ? AV_EF_EXPLODE : 0)
    // Crops exactly; without it left crops are rounded for alignment.
    context.pointee.flags |= AV_CODEC_FLAG_UNALIGNED
    try check(avcodec_open2(context, codec, nil), path, "cannot decode")
  }

  deinit {
    var owned: UnsafeMutablePointer<AVCodecContext>? = context
    avcodec_free_context(&owned)
  }

  /// What ``receive(into:)`` came to.
  enum ReceiveResult {
    case picture
    /// Nothing until another packet is sent.
    case needsPacket
    case end
    case damaged(code: Int32)
  }

  /// Gives the decoder a packet, or with `nil` the end of the stream. All pictures must have been
  /// received before. Returns a negative code when the packet is damaged.
  func send(_ packet: Packet?) -> Int32 { avcodec_send_packet(context, packet?.packet) }

  /// Takes the next picture.
  func receive(into picture: Picture) -> ReceiveResult {
    switch avcodec_receive_frame(context, picture.frame) {
    case 0...: .picture
    case cff_eagain: .needsPacket
    case cff_eof: .end
    case let code: .damaged(code: code)
    }
  }

  /// Forgets all state, after a seek.
  func flush() { avcodec_flush_buffers(context) }

  /// libavcodec's own VP8 and VP9 decoders drop the alpha that WebM keeps in a side channel.
  private static func decoder(
    _ id: AVCodecID, of stream: UnsafeMutablePointer<AVStream>
  ) -> UnsafePointer<AVCodec>? {
    let special: [AVCodecID.RawValue: String] = [
      AV_CODEC_ID_VP8.rawValue: "libvpx", AV_CODEC_ID_VP9.rawValue: "libvpx-vp9",
    ]
    if VideoStream.hasAlphaChannel(stream), let name = special[id.rawValue],
      let codec = avcodec_find_decoder_by_name(name)
    {
      return codec
    }
    return avcodec_find_decoder(id)
  }
}
