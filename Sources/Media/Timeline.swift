internal import CFFmpeg

/// The times of all frames of a video stream, found by reading its packets without decoding.
struct Timeline {
  /// Times of the frames to be shown, ascending, in units of the stream's time base.
  private(set) var times: [Int64] = []
  /// Seconds of one unit.
  let unit: Rational
  /// How long the last frame is shown, in units; 0 when the file does not say.
  private(set) var lastDuration: Int64 = 0
  /// Every packet had a time, so that a frame without one among `times` is a fault. Where not,
  /// `times` are those of decoding, good for the rate alone.
  private(set) var isComplete = true
  /// Packets that hold a picture to be shown.
  private(set) var pictures = 0
  /// Seconds at which the last packet of any stream that was read ends.
  private(set) var end: Rational = 0
  /// Where the container broke off, for people; `nil` when it was read to its end.
  private(set) var damage: String?

  /// Reads `demuxer` to its end; the caller opens it anew or seeks afterwards.
  init(_ demuxer: Demuxer, _ stream: UnsafeMutablePointer<AVStream>) throws {
    unit = Rational(known: stream.pointee.time_base) ?? 1
    let isVP8 = stream.pointee.codecpar.pointee.codec_id == AV_CODEC_ID_VP8
    let packet = try Packet()
    var firstKey: Int64?
    var sawKey = false
    var decodingTimes: [Int64] = []
    var latest = Int64.min
    var failures = 0
    reading: while true {
      switch demuxer.read(into: packet) {
      case .end: break reading
      case .damaged(let code):
        damage = MediaError.text(code)
        failures += 1
        if failures > 16 { break reading }
        continue
      case .packet: break
      }
      let data = packet.packet.pointee
      end = max(end, Self.end(of: data, in: demuxer))
      guard data.stream_index == stream.pointee.index,
        data.flags & AV_PKT_FLAG_DISCARD == 0, !(isVP8 && Self.isHiddenVP8(data))
      else { continue }
      pictures += 1
      if data.dts != cff_no_pts, data.dts.magnitude < 1 << 60 { decodingTimes.append(data.dts) }
      // Times beyond any clock are no times; the limit keeps sums and differences in range.
      guard data.pts != cff_no_pts, data.pts.magnitude < 1 << 60 else {
        isComplete = false
        continue
      }
      if data.flags & AV_PKT_FLAG_KEY != 0, !sawKey {
        sawKey = true
        firstKey = times.isEmpty ? data.pts : nil
      }
      // Leading pictures of a first open group cannot be decoded, by design of whoever cut there.
      if let firstKey, data.pts < firstKey {
        pictures -= 1
        continue
      }
      if data.pts >= latest {
        latest = data.pts
        lastDuration = min(max(data.duration, 0), 1 << 60)
      }
      times.append(data.pts)
    }
    if !isComplete { times = decodingTimes.count == pictures ? decodingTimes : [] }
    times.sort()
  }

  /// The number of the frame shown at `time`; `nil` when there is none.
  func number(at time: Int64) -> Int? {
    let index = insertion(of: time)
    return index < times.count && times[index] == time ? index : nil
  }

  /// Seconds from the first frame to `time`.
  func seconds(_ time: Int64) -> Rational {
    Rational(Int(time - (times.first ?? 0))) * unit
  }

  private func insertion(of time: Int64) -> Int {
    var (low, high) = (0, times.count)
    while low < high {
      let middle = (low + high) / 2
      if times[middle] < time { low = middle + 1 } else { high = middle }
    }
    return low
  }

  private static func end(of packet: AVPacket, in demuxer: Demuxer) -> Rational {
    let time = packet.pts != cff_no_pts ? packet.pts : packet.dts
    guard time != cff_no_pts, time.magnitude < 1 << 60,
      let stream = demuxer.context.pointee.streams[Int(packet.stream_index)],
      let unit = Rational(known: stream.pointee.time_base)
    else { return 0 }
    return Rational(Int(time) + Int(min(max(packet.duration, 0), 1 << 60))) * unit
  }

  /// VP8's alternative reference frames are packets of their own that are never shown.
  private static func isHiddenVP8(_ packet: AVPacket) -> Bool {
    guard packet.size > 0, let first = packet.data?.pointee else { return false }
    return first & 0x10 == 0
  }
}
