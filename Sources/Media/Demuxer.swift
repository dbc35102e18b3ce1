internal import CFFmpeg
import Foundation

/// Opens a container and hands out its packets. Decodes nothing; not thread-safe.
///
/// Only the named file is ever opened: playlists and other formats that name further files are
/// refused, and the content decides the format, not the name.
final class Demuxer {
  let path: String
  /// Valid as long as the demuxer.
  let context: UnsafeMutablePointer<AVFormatContext>

  /// Containers that are read. Text, playlists and device formats are left out on purpose.
  private static let formats = """
    mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,mpegvideo,flv,live_flv,asf,ogg,gif,apng,\
    ivf,obu,h264,hevc,m4v,mjpeg,mxf,nut,dv,yuv4mpegpipe,bmp_pipe,dpx_pipe,exr_pipe,j2k_pipe,\
    jpeg_pipe,jpegls_pipe,jpegxl_pipe,pam_pipe,pbm_pipe,pgm_pipe,pgmyuv_pipe,ppm_pipe,png_pipe,\
    qoi_pipe,tiff_pipe,webp_pipe,mp3,wav,w64,flac,aac,ac3,eac3,aiff,caf
    """

  /// - Parameter maxPixels: pictures that claim more are not decoded while the file is examined.
  init(path: String, maxPixels: Int = ReaderOptions().maxPixels) throws {
    LibavLog.silence()
    self.path = path
    try Self.checkIsFile(path)
    var io: UnsafeMutablePointer<AVIOContext>?
    try check(avio_open2(&io, "file:" + path, AVIO_FLAG_READ, nil, nil), path, "cannot open")
    guard var context = avformat_alloc_context() else {
      avio_closep(&io)
      throw MediaError(path, "cannot open", code: cff_no_memory)
    }
    context.pointee.pb = io
    var options: OpaquePointer?
    av_dict_set(&options, "format_whitelist", Self.formats, 0)
    av_dict_set(&options, "protocol_whitelist", "file", 0)
    var opened: UnsafeMutablePointer<AVFormatContext>? = context
    let result = avformat_open_input(&opened, nil, nil, &options)
    av_dict_free(&options)
    guard result >= 0, let demuxer = opened else {
      avio_closep(&io)
      throw MediaError(path, "", reason: Self.reason(notOpened: result, path))
    }
    context = demuxer
    self.context = context
    try findStreams(maxPixels: maxPixels)
  }

  deinit {
    var io = context.pointee.pb
    var owned: UnsafeMutablePointer<AVFormatContext>? = context
    avformat_close_input(&owned)
    avio_closep(&io)
  }

  /// The container's short name.
  var formatName: String { context.pointee.iformat.map { String(cString: $0.pointee.name) } ?? "" }

  var streams: [UnsafeMutablePointer<AVStream>] {
    (0..<Int(context.pointee.nb_streams)).compactMap { context.pointee.streams[$0] }
  }

  /// The stream to show: a real video, not cover art; the default one first, then the largest.
  func videoStream() throws -> UnsafeMutablePointer<AVStream> {
    let videos = streams.filter { $0.pointee.codecpar.pointee.codec_type == AVMEDIA_TYPE_VIDEO }
    let notShown = AV_DISPOSITION_ATTACHED_PIC | AV_DISPOSITION_TIMED_THUMBNAILS
    let real = videos.filter { $0.pointee.disposition & notShown == 0 }
    func rank(_ stream: UnsafeMutablePointer<AVStream>) -> (Int32, Int) {
      let parameters = stream.pointee.codecpar.pointee
      let area = Int(parameters.width) * Int(parameters.height)
      return (stream.pointee.disposition & AV_DISPOSITION_DEFAULT, area)
    }
    if let first = real.first {
      return real.dropFirst().reduce(first) { rank($1) > rank($0) ? $1 : $0 }
    }
    if !videos.isEmpty { throw MediaError(path, reason: "holds cover art but no video") }
    let hasSound = streams.contains {
      $0.pointee.codecpar.pointee.codec_type == AVMEDIA_TYPE_AUDIO
    }
    throw MediaError(path, reason: hasSound ? "holds sound but no video" : "holds no video")
  }

  /// The sound track a player would choose, if any.
  func audioStream() -> UnsafeMutablePointer<AVStream>? {
    let index = av_find_best_stream(context, AVMEDIA_TYPE_AUDIO, -1, -1, nil, 0)
    return index < 0 ? nil : context.pointee.streams[Int(index)]
  }

  /// Skips the packets of all other streams.
  func keepOnly(_ indices: Set<Int32>) {
    for stream in streams {
      stream.pointee.discard =
        indices.contains(stream.pointee.index)
        ? AVDISCARD_DEFAULT
        : AVDISCARD_ALL
    }
  }

  /// What ``read(into:)`` came to.
  enum ReadResult: Equatable {
    case packet
    case end
    /// The container is damaged here; reading on may find more.
    case damaged(code: Int32)
  }

  /// Reads the next packet of any stream that is not skipped.
  func read(into packet: Packet) -> ReadResult {
    packet.clear()
    let result = av_read_frame(context, packet.packet)
    if result >= 0 { return .packet }
    return result == cff_eof ? .end : .damaged(code: result)
  }

  /// How much of the file is missing at its end, for people; `nil` when nothing says so.
  ///
  /// - Parameter end: seconds at which the last packet of any stream ends.
  func truncation(end: Rational, rate: Rational) -> (what: String, frames: Int)? {
    if formatName == "mpegts" {
      let size = avio_size(context.pointee.pb)
      guard ![188, 192, 204].contains(where: { size % $0 == 0 }) else { return nil }
      return ("its last packet is incomplete", 0)
    }
    let hasHeader = context.pointee.duration_estimation_method == AVFMT_DURATION_FROM_STREAM
    guard formatName.hasPrefix("matroska"), hasHeader,
      let duration = Rational(Int(context.pointee.duration), over: Int(cff_clock))
    else { return nil }
    let missing = duration - end
    // Headers round, and sound may end between two pictures.
    guard missing.value > max(0.25, 3 / rate.value) else { return nil }
    return ("it ends \((missing.value * 1000).rounded() / 1000) s early", (missing * rate).rounded)
  }

  /// Goes to the last key frame of a stream that is not after `pts`.
  func seek(_ stream: Int32, to pts: Int64) -> Bool {
    av_seek_frame(context, stream, pts, AVSEEK_FLAG_BACKWARD) >= 0
  }

  private func findStreams(maxPixels: Int) throws {
    let count = Int(context.pointee.nb_streams)
    var options = [OpaquePointer?](repeating: nil, count: count)
    for i in 0..<count { av_dict_set(&options[i], "max_pixels", String(maxPixels), 0) }
    let result = avformat_find_stream_info(context, &options)
    for i in 0..<count { av_dict_free(&options[i]) }
    try check(result, path, "cannot find the streams")
  }

  private static func checkIsFile(_ path: String) throws {
    var status = stat()
    guard stat(path, &status) == 0 else {
      throw MediaError(path, "cannot open", reason: String(cString: strerror(errno)))
    }
    switch status.st_mode & S_IFMT {
    case S_IFDIR: throw MediaError(path, reason: "is a folder, not a media file")
    case S_IFREG: break
    default: throw MediaError(path, reason: "is not a regular file; pipe YUV4MPEG2 to - instead")
    }
    if status.st_size == 0 { throw MediaError(path, reason: "is empty") }
  }

  private static func reason(notOpened code: Int32, _ path: String) -> String {
    guard code == cff_invalid_data || code == -EINVAL else {
      return "cannot open: \(MediaError.text(code))"
    }
    let file = FileHandle(forReadingAtPath: path)
    let beginning = (try? file?.read(upToCount: 8)) ?? Data()
    return beginning.dropFirst(4).elementsEqual("ftyp".utf8)
      ? "its index (moov) is missing or broken; the file may be cut short"
      : "not a video or image that can be read"
  }
}
