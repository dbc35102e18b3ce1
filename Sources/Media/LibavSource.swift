internal import CFFmpeg

/// Pictures of a file that libav reads, in the order of showing, damage found on the way.
final class LibavSource: PictureSource {
  private(set) var info: VideoInfo
  private(set) var timing: Timing
  private(set) var lost = 0

  private let path: String
  private let allowPartial: Bool
  private let timeline: Timeline
  private var demuxer: Demuxer
  private var decoder: Decoder
  private var stream: UnsafeMutablePointer<AVStream>
  /// Where the container breaks off, for people.
  private let truncation: String?
  /// Frames there should be; 0 where nothing says.
  private let promised: Int
  private let packet: Packet
  /// Frame numbers come from timestamps; otherwise pictures are counted.
  private let isNumberedByTime: Bool
  /// Number of the next picture if none is missing.
  private var expected = 0
  /// Pictures before this one are passed over without a look at their condition.
  private var firstWanted = 0
  /// What came before is damaged, and pictures up to the next key frame are built upon it.
  private var isPoisoned = false
  private var isDraining = false
  private var hasEnded = false
  private var failures = 0

  init(path: String, options: ReaderOptions) throws {
    self.path = path
    allowPartial = options.allowPartial
    packet = try Packet()
    let maxPixels = options.maxPixels
    let scanned = try Demuxer(path: path, maxPixels: maxPixels)
    let scannedStream = try scanned.videoStream()
    var info = try VideoStream.info(scannedStream, of: scanned)
    try Self.refuse(info, options, path)
    if info.container != "matroska,webm" { scanned.keepOnly([scannedStream.pointee.index]) }
    timeline = try Timeline(scanned, scannedStream)
    guard timeline.pictures > 0 else {
      throw MediaError(path, reason: "holds no picture; the file may be cut short")
    }
    let nominal = Rational(known: scannedStream.pointee.r_frame_rate)
    // A file cut short still has its table of frames, or its length, at the front.
    let cut = scanned.truncation(end: timeline.end, rate: info.averageRate ?? nominal ?? 25)
    truncation = cut?.what ?? timeline.damage
    let listed = info.frameCount ?? 0
    let choice = RateChoice.timing(
      timeline, average: info.averageRate, nominal: nominal,
      hasGaps: timeline.isComplete && (truncation != nil || listed > timeline.pictures))
    timing = choice.timing
    isNumberedByTime = timeline.isComplete && Self.hasOnePicturePerPacket(scannedStream, info)
    let found = timing.isResampled ? timeline.times.count : timing.count ?? 0
    promised = isNumberedByTime ? max(found + (cut?.frames ?? 0), listed) : 0
    info.frameRate = timing.rate
    info.isVariableRate = choice.isVariable
    info.startTime = timing.start
    info.frameCount = max(timeline.pictures, promised)
    self.info = info
    demuxer = try Demuxer(path: path, maxPixels: maxPixels)
    stream = try demuxer.videoStream()
    demuxer.keepOnly([stream.pointee.index])
    decoder = try Decoder(stream, path: path, maxPixels: maxPixels)
  }

  func skip(toFrame number: Int) throws {
    firstWanted = number
    // Near the beginning decoding is as quick as seeking.
    guard isNumberedByTime, !timing.isResampled, number > 32, let first = timeline.times.first
    else { return }
    let index = stream.pointee.index
    let target = first + Int64((Rational(number) / timing.rate / timeline.unit).rounded)
    guard demuxer.seek(index, to: target) else { return }
    var landed: Int64?
    while landed == nil, demuxer.read(into: packet) == .packet {
      let data = packet.packet.pointee
      if data.stream_index == index, data.pts != cff_no_pts { landed = data.pts }
    }
    // A seek that went too far is made good by starting over.
    _ = demuxer.seek(index, to: (landed ?? .max) <= target ? target : first)
  }

  /// The number of the frame that is shown at `time`; `nil` when there can be none.
  private func number(at time: Int64) -> Int? {
    if timing.isResampled { return timeline.number(at: time) }
    guard time.magnitude < 1 << 60 else { return nil }
    return (timeline.seconds(time) * timing.rate).rounded
  }

  func next() throws -> SourcePicture? {
    while let picture = try decodeNext() {
      if let found = try accept(picture) { return found }
    }
    try checkEnd()
    return nil
  }

  /// Gives a decoded picture its number; `nil` when it is to be passed over.
  private func accept(_ picture: Picture) throws -> SourcePicture? {
    let frame = picture.frame.pointee
    let time = frame.pts != cff_no_pts ? frame.pts : frame.best_effort_timestamp
    let number = isNumberedByTime ? self.number(at: time) : expected
    if let number, number < firstWanted {
      expected = max(expected, number + 1)
      return nil
    }
    expected = max(expected, firstWanted)
    guard let number, number >= expected else {
      try damage(expected, "has a time that is not after the one before")
      return nil
    }
    if number > expected { try damage(expected, "is missing") }
    if picture.width != info.codedWidth || picture.height != info.codedHeight {
      try damage(
        number,
        "is \(picture.width)x\(picture.height) in a video of "
          + "\(info.codedWidth)x\(info.codedHeight)")
    } else if frame.decode_error_flags != 0 || frame.flags & AV_FRAME_FLAG_CORRUPT != 0 {
      try damage(number, "is damaged")
    } else if cff_is_key(picture.frame) != 0 {
      isPoisoned = false
    }
    lost += number - expected + (isPoisoned ? 1 : 0)
    expected = number + 1
    guard !isPoisoned else { return nil }
    let hasTime = timing.isResampled && time.magnitude < 1 << 60
    let seconds = hasTime ? timeline.seconds(time) : Rational(number) / timing.rate
    return SourcePicture(picture: picture, time: seconds, number: number)
  }

  /// Receives until the decoder wants a packet, gives it one, and so on; `nil` after the last.
  private func decodeNext() throws -> Picture? {
    let picture = try Picture()
    while !hasEnded {
      switch decoder.receive(into: picture) {
      case .picture: return picture
      case .end: hasEnded = true
      case .damaged(let code):
        try damage(expected, "cannot be decoded (\(MediaError.text(code)))")
        try countFailure()
      case .needsPacket: try feed()
      }
    }
    return nil
  }

  private func feed() throws {
    guard !isDraining else {
      hasEnded = true
      return
    }
    switch demuxer.read(into: packet) {
    case .end:
      isDraining = true
      _ = decoder.send(nil)
    case .damaged(let code):
      try damage(expected, "cannot be read (\(MediaError.text(code)))")
      try countFailure()
    case .packet:
      let data = packet.packet.pointee
      guard data.stream_index == stream.pointee.index else { return }
      let number = isNumberedByTime ? self.number(at: data.pts) ?? expected : expected
      let isWanted = number >= firstWanted
      if data.flags & AV_PKT_FLAG_CORRUPT != 0, isWanted {
        try damage(number, "is damaged in the container")
      }
      let code = decoder.send(packet)
      if code < 0, isWanted {
        try damage(number, "cannot be decoded (\(MediaError.text(code)))")
      }
    }
  }

  /// Stops, naming the frame; or, where partial files are allowed, distrusts what follows.
  private func damage(_ number: Int, _ what: String) throws {
    guard allowPartial else { throw fault(number, what) }
    isPoisoned = true
  }

  private func fault(_ number: Int, _ what: String) -> MediaError {
    if info.isImage { return MediaError(path, reason: "the picture \(what)") }
    let seconds = (Rational(number) / timing.rate).value
    let rounded = (seconds * 1000).rounded() / 1000
    return MediaError(path, reason: "frame \(number) (at \(rounded) s) \(what)")
  }

  /// A container that fails again and again is at its end.
  private func countFailure() throws {
    failures += 1
    guard failures > 16 else { return }
    isDraining = true
    _ = decoder.send(nil)
  }

  /// At the end, what the timeline and the container promised must have come.
  private func checkEnd() throws {
    guard expected < promised else {
      if let truncation, !allowPartial {
        throw fault(expected, "and what follows are missing (\(truncation))")
      }
      return
    }
    if !allowPartial {
      throw fault(expected, "of \(promised) is missing: the file is cut short")
    }
    lost += promised - expected
    expected = promised
  }

  /// Whether every packet of the stream gives one picture to be shown: not so where fields are
  /// packets of their own, or pictures may be left out by design.
  private static func hasOnePicturePerPacket(
    _ stream: UnsafeMutablePointer<AVStream>, _ info: VideoInfo
  ) -> Bool {
    let irregular = [
      AV_CODEC_ID_MPEG4, AV_CODEC_ID_MSMPEG4V1, AV_CODEC_ID_MSMPEG4V2, AV_CODEC_ID_MSMPEG4V3,
      AV_CODEC_ID_THEORA, AV_CODEC_ID_FLV1, AV_CODEC_ID_H263,
    ]
    guard !irregular.contains(stream.pointee.codecpar.pointee.codec_id) else { return false }
    let keepsFieldsTogether = ["mov,mp4", "matroska", "gif"].contains(
      where: info.container.hasPrefix)
    return keepsFieldsTogether || !info.isInterlaced
  }

  private static func refuse(_ info: VideoInfo, _ options: ReaderOptions, _ path: String) throws {
    guard info.codedWidth * info.codedHeight <= options.maxPixels,
      info.width * info.height <= options.maxPixels
    else {
      throw MediaError(
        path,
        reason: "claims \(info.width)x\(info.height) pixels, more than the \(options.maxPixels) "
          + "that are read")
    }
    if info.color.isHDR, !options.allowHDR {
      throw MediaError(
        path, reason: "is HDR (\(info.color.transfer)), which is read only where it is allowed")
    }
  }
}
