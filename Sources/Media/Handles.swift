internal import CFFmpeg

/// Owns an `AVFrame`.
final class Picture {
  let frame: UnsafeMutablePointer<AVFrame>

  /// An empty frame, for a decoder to fill.
  init() throws {
    guard let frame = av_frame_alloc() else { throw MediaError("", "memory", code: cff_no_memory) }
    self.frame = frame
  }

  /// A frame with room for one picture.
  convenience init(width: Int, height: Int, format: AVPixelFormat) throws {
    try self.init()
    frame.pointee.width = Int32(width)
    frame.pointee.height = Int32(height)
    frame.pointee.format = format.rawValue
    try check(av_frame_get_buffer(frame, 64), "", "memory for a \(width)x\(height) picture")
  }

  deinit {
    var owned: UnsafeMutablePointer<AVFrame>? = frame
    av_frame_free(&owned)
  }

  var width: Int { Int(frame.pointee.width) }
  var height: Int { Int(frame.pointee.height) }
  var format: AVPixelFormat { AVPixelFormat(rawValue: frame.pointee.format) }

  /// First byte of a plane, and the bytes from one row to the next.
  func plane(_ index: Int) -> (base: UnsafeMutablePointer<UInt8>, stride: Int)? {
    let planes = [
      frame.pointee.data.0, frame.pointee.data.1, frame.pointee.data.2,
      frame.pointee.data.3,
    ]
    let strides = [
      frame.pointee.linesize.0, frame.pointee.linesize.1, frame.pointee.linesize.2,
      frame.pointee.linesize.3,
    ]
    guard let base = planes[index] else { return nil }
    return (base, Int(strides[index]))
  }
}

/// Owns an `AVPacket`.
final class Packet {
  let packet: UnsafeMutablePointer<AVPacket>

  init() throws {
    guard let packet = av_packet_alloc() else {
      throw MediaError("", "memory", code: cff_no_memory)
    }
    self.packet = packet
  }

  deinit {
    var owned: UnsafeMutablePointer<AVPacket>? = packet
    av_packet_free(&owned)
  }

  /// Gives the data back; the packet can be filled again.
  func clear() { av_packet_unref(packet) }
}

/// libav's log goes to standard error by default; this module reports by errors and warnings alone.
enum LibavLog {
  private static let silenced: Void = av_log_set_level(AV_LOG_QUIET)

  /// Silences the log once for the whole process.
  static func silence() { silenced }
}

extension Rational {
  /// A libav fraction; `nil` for its "unknown", x/0 or 0/x.
  init?(known value: AVRational) {
    guard value.num > 0, value.den > 0 else { return nil }
    self.init(Int(value.num), over: Int(value.den))
  }

  /// The fraction as libav has it, in 32 bits; very long ones are rounded.
  var av: AVRational {
    var (n, d): (Int32, Int32) = (0, 1)
    av_reduce(&n, &d, Int64(numerator), Int64(denominator), Int64(Int32.max))
    return AVRational(num: n, den: d)
  }
}
