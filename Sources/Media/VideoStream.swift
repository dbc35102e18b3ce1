internal import CFFmpeg

/// What the headers of a stream say, in terms of this module.
enum VideoStream {
  /// Whether a WebM stream carries alpha beside its VP8 or VP9 pictures.
  static func hasAlphaChannel(_ stream: UnsafeMutablePointer<AVStream>) -> Bool {
    guard let entry = av_dict_get(stream.pointee.metadata, "alpha_mode", nil, 0) else {
      return false
    }
    return String(cString: entry.pointee.value) == "1"
  }

  static func info(
    _ stream: UnsafeMutablePointer<AVStream>, of demuxer: Demuxer
  ) throws -> VideoInfo {
    let parameters = stream.pointee.codecpar.pointee
    let size = FrameSize(width: Int(parameters.width), height: Int(parameters.height))
    guard size.width > 0, size.height > 0 else {
      throw MediaError(
        demuxer.path,
        reason:
          "its picture size cannot be read: it is damaged, cut short or claims too many pixels")
    }
    let format = AVPixelFormat(rawValue: parameters.format)
    let descriptor = av_pix_fmt_desc_get(format)
    let isImage = demuxer.formatName.hasSuffix("_pipe") && demuxer.formatName != "yuv4mpegpipe"
    let isJPEG = isImage && parameters.codec_id == AV_CODEC_ID_MJPEG
    let orientation =
      isJPEG ? ExifOrientation.read(demuxer.path) ?? Orientation() : Orientation(stream)
    let aspect = Rational(known: av_guess_sample_aspect_ratio(demuxer.context, stream, nil)) ?? 1
    let shown = orientation.turned(Geometry.squarePixels(size, aspect: aspect))
    let average = Rational(known: stream.pointee.avg_frame_rate)
    let nominal = Rational(known: stream.pointee.r_frame_rate)
    return VideoInfo(
      container: demuxer.formatName,
      codec: String(cString: avcodec_get_name(parameters.codec_id)),
      width: shown.width, height: shown.height,
      codedWidth: size.width, codedHeight: size.height,
      rotation: orientation.degrees, isMirrored: orientation.isMirrored, sampleAspect: aspect,
      pixelFormat: av_get_pix_fmt_name(format).map { String(cString: $0) } ?? "unknown",
      bitDepth: Int(descriptor?.pointee.comp.0.depth ?? 8),
      hasAlpha: hasAlphaChannel(stream) || PixelFormat(format).hasAlpha,
      isImage: isImage,
      isInterlaced: ![AV_FIELD_PROGRESSIVE, AV_FIELD_UNKNOWN].contains(parameters.field_order),
      color: ColorInfo(parameters), layout: YUVLayout(parameters),
      frameRate: average ?? nominal ?? 25, averageRate: average, isVariableRate: false,
      duration: isImage ? nil : duration(stream, of: demuxer),
      frameCount: isImage ? 1 : frameCount(stream, of: demuxer),
      startTime: seconds(stream.pointee.start_time, stream) ?? 0,
      audio: demuxer.audioStream().map(AudioInfo.init))
  }

  /// A time of a stream in seconds; `nil` for "unknown".
  static func seconds(_ time: Int64, _ stream: UnsafeMutablePointer<AVStream>) -> Rational? {
    guard time != cff_no_pts, let base = Rational(known: stream.pointee.time_base) else {
      return nil
    }
    return Rational(Int(time)) * base
  }

  /// Frames that the container's own table lists and does not discard; `nil` where it has none.
  static func frameCount(
    _ stream: UnsafeMutablePointer<AVStream>, of demuxer: Demuxer
  ) -> Int? {
    if demuxer.formatName.hasPrefix("mov") {
      let entries = avformat_index_get_entries_count(stream)
      let kept = (0..<entries).count { index in
        guard let entry = avformat_index_get_entry(stream, index) else { return false }
        return entry.pointee.flags & AVINDEX_DISCARD_FRAME == 0
      }
      return kept > 0 ? kept : nil
    }
    return stream.pointee.nb_frames > 0 ? Int(stream.pointee.nb_frames) : nil
  }

  private static func duration(
    _ stream: UnsafeMutablePointer<AVStream>, of demuxer: Demuxer
  ) -> Rational? {
    if stream.pointee.duration > 0 { return seconds(stream.pointee.duration, stream) }
    let whole = demuxer.context.pointee.duration
    guard whole > 0 else { return nil }
    return Rational(Int(whole), over: Int(cff_clock))
  }
}

extension AudioInfo {
  init(_ stream: UnsafeMutablePointer<AVStream>) {
    let parameters = stream.pointee.codecpar.pointee
    self.init(
      codec: String(cString: avcodec_get_name(parameters.codec_id)),
      sampleRate: Int(parameters.sample_rate), channels: Int(parameters.ch_layout.nb_channels),
      duration: stream.pointee.duration > 0
        ? VideoStream.seconds(stream.pointee.duration, stream) : nil)
  }
}
