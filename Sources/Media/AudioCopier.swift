internal import CFFmpeg

/// Copies the sound of a file, packet by packet, into a track of an MP4. Not thread-safe.
///
/// Times are moved so that ``AudioSource/start`` becomes 0. Packets just before it are kept, with
/// times below 0: decoders need them to get going, and the muxer has players skip them.
final class AudioCopier {
  /// Damage met in the sound, for people.
  private(set) var warning: String?

  private let source: AudioSource
  private let demuxer: Demuxer
  private let input: UnsafeMutablePointer<AVStream>
  private let output: UnsafeMutablePointer<AVStream>
  private let muxer: Muxer
  private let offset: Int64
  private let leadIn: Int64
  private let packet: Packet
  private var isHolding = false
  private var hasEnded = false
  private var last = Int64.min

  /// `nil` when there is no sound that MP4 can hold and none is required.
  ///
  /// - Parameter warn: told why sound that is there is left out.
  init?(_ source: AudioSource, into muxer: Muxer, warn: (String) -> Void) throws {
    self.source = source
    self.muxer = muxer
    packet = try Packet()
    demuxer = try Demuxer(path: source.path)
    guard let input = demuxer.audioStream() else {
      if source.isRequired { throw MediaError(source.path, reason: "holds no sound") }
      return nil
    }
    self.input = input
    let parameters = input.pointee.codecpar
    let codec = parameters?.pointee.codec_id ?? AV_CODEC_ID_NONE
    guard muxer.canHold(codec) else {
      let problem = MediaError(
        source.path,
        reason: "MP4 cannot hold its sound (\(String(cString: avcodec_get_name(codec))))")
      if source.isRequired { throw problem }
      warn("\(problem); it is left out")
      return nil
    }
    output = try muxer.addStream { stream in
      try check(
        avcodec_parameters_copy(stream.pointee.codecpar, parameters), source.path, "cannot copy")
      stream.pointee.codecpar.pointee.codec_tag = 0
      stream.pointee.time_base = input.pointee.time_base
    }
    let perSecond = Rational(known: input.pointee.time_base)?.reciprocal ?? 1
    offset = Int64((source.start * perSecond).rounded)
    let milliseconds = codec == AV_CODEC_ID_OPUS ? 80 : 50
    leadIn = Int64((perSecond * Rational(milliseconds) / 1000).rounded)
    demuxer.keepOnly([input.pointee.index])
    let second = Int64(perSecond.rounded)
    if source.start > 2 { _ = demuxer.seek(input.pointee.index, to: offset - second) }
  }

  /// Writes all packets that begin before `time`, in seconds from the clip's beginning.
  func copy(upTo time: Rational) throws {
    let unit = input.pointee.time_base
    let perSecond = Rational(known: unit)?.reciprocal ?? 1
    let end = Int64((time * perSecond).ceiling)
    while try hold() {
      guard packet.packet.pointee.dts < end else { return }
      isHolding = false
      try muxer.write(packet, to: output, unit: unit)
    }
  }

  /// Has the next packet in `packet`, its times moved; `false` at the end.
  private func hold() throws -> Bool {
    while !isHolding, !hasEnded {
      switch demuxer.read(into: packet) {
      case .end: hasEnded = true
      case .damaged(let code):
        hasEnded = true
        warning = "\(source.path): its sound breaks off (\(MediaError.text(code)))"
      case .packet:
        isHolding = packet.packet.pointee.stream_index == input.pointee.index && place()
      }
    }
    return isHolding
  }

  /// Moves the packet's times; `false` when it is not part of the clip.
  private func place() -> Bool {
    let data = packet.packet
    let known = data.pointee.pts != cff_no_pts ? data.pointee.pts : data.pointee.dts
    guard known != cff_no_pts, known.magnitude < 1 << 60 else { return false }
    let time = known - offset
    // Times that do not grow cannot be written.
    guard time + leadIn >= 0, time > last else { return false }
    last = time
    data.pointee.pts = time
    data.pointee.dts = time
    return true
  }
}
