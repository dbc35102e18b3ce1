internal import CFFmpeg

/// Writes packets into an MP4 file, its index first. Not thread-safe.
final class Muxer {
  private let context: UnsafeMutablePointer<AVFormatContext>
  private let path: String

  init(path: String) throws {
    LibavLog.silence()
    self.path = path
    var made: UnsafeMutablePointer<AVFormatContext>?
    let url = "file:" + path
    try check(avformat_alloc_output_context2(&made, nil, "mp4", url), path, "cannot write")
    guard let context = made else { throw MediaError(path, "cannot write", code: cff_no_memory) }
    self.context = context
    // No version or date in the file: the same input gives the same bytes.
    context.pointee.flags |= AVFMT_FLAG_BITEXACT
    try check(avio_open2(&context.pointee.pb, url, AVIO_FLAG_WRITE, nil, nil), path, "cannot write")
  }

  deinit {
    avio_closep(&context.pointee.pb)
    avformat_free_context(context)
  }

  /// Whether MP4 can hold a codec.
  func canHold(_ codec: AVCodecID) -> Bool {
    avformat_query_codec(context.pointee.oformat, codec, FF_COMPLIANCE_NORMAL) == 1
  }

  /// Adds a track; `configure` fills in its parameters and time base.
  func addStream(
    _ configure: (UnsafeMutablePointer<AVStream>) throws -> Void
  ) throws -> UnsafeMutablePointer<AVStream> {
    guard let stream = avformat_new_stream(context, nil) else {
      throw MediaError(path, "cannot write", code: cff_no_memory)
    }
    try configure(stream)
    return stream
  }

  /// Writes the beginning, after all tracks are there.
  func begin() throws {
    var options: OpaquePointer?
    av_dict_set(&options, "movflags", "+faststart", 0)
    let result = avformat_write_header(context, &options)
    av_dict_free(&options)
    try check(result, path, "cannot write")
  }

  /// Takes over a packet, its times in units of `unit`.
  func write(
    _ packet: Packet, to stream: UnsafeMutablePointer<AVStream>, unit: AVRational
  ) throws {
    av_packet_rescale_ts(packet.packet, unit, stream.pointee.time_base)
    packet.packet.pointee.stream_index = stream.pointee.index
    packet.packet.pointee.pos = -1
    try check(av_interleaved_write_frame(context, packet.packet), path, "cannot write")
    try checkOutput()
  }

  /// Writes the index, moves it to the front and closes the file.
  func finish() throws {
    try check(av_write_trailer(context), path, "cannot write")
    avio_flush(context.pointee.pb)
    try checkOutput()
    try check(avio_closep(&context.pointee.pb), path, "cannot write")
  }

  /// A full disk may show only here.
  private func checkOutput() throws {
    guard let output = context.pointee.pb else { return }
    try check(output.pointee.error, path, "cannot write")
  }
}
