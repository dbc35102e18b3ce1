internal import CFFmpeg

/// Owns a libavcodec encoder. Not thread-safe.
final class Encoder {
  let context: UnsafeMutablePointer<AVCodecContext>
  private let path: String

  /// - Parameters:
  ///   - name: libavcodec's name of the encoder.
  ///   - options: the encoder's own options.
  ///   - configure: sets size, format and rate before the encoder is opened.
  init(
    _ name: String, options: [String: String], path: String,
    configure: (inout AVCodecContext) -> Void
  ) throws {
    LibavLog.silence()
    self.path = path
    guard let codec = avcodec_find_encoder_by_name(name) else {
      throw MediaError(path, "cannot encode", reason: "this libavcodec has no encoder \(name)")
    }
    guard let context = avcodec_alloc_context3(codec) else {
      throw MediaError(path, "cannot encode", code: cff_no_memory)
    }
    self.context = context
    configure(&context.pointee)
    var dictionary: OpaquePointer?
    for (key, value) in options { av_dict_set(&dictionary, key, value, 0) }
    let result = avcodec_open2(context, codec, &dictionary)
    let unused = av_dict_count(dictionary)
    av_dict_free(&dictionary)
    try check(result, path, "cannot open the encoder \(name)")
    guard unused == 0 else {
      throw MediaError(path, "cannot encode", reason: "\(name) does not know all of its options")
    }
  }

  deinit {
    var owned: UnsafeMutablePointer<AVCodecContext>? = context
    avcodec_free_context(&owned)
  }

  /// Encodes a picture, or with `nil` all that is pending, and hands each packet to `body`.
  func encode(_ picture: Picture?, _ body: (Packet) throws -> Void) throws {
    try check(avcodec_send_frame(context, picture?.frame), path, "cannot encode")
    let packet = try Packet()
    while true {
      let result = avcodec_receive_packet(context, packet.packet)
      if result == cff_eagain || result == cff_eof { return }
      try check(result, path, "cannot encode")
      try body(packet)
      packet.clear()
    }
  }
}
