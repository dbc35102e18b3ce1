/// Reads a video, an image or a YUV4MPEG2 stream as upright RGB frames at a constant rate.
///
/// Not thread-safe: one thread at a time.
public final class VideoReader {
  /// What the file is.
  public let info: VideoInfo
  /// Size of the frames that ``next()`` returns.
  public let width: Int
  public let height: Int
  /// Rate of the frames that ``next()`` returns, exact.
  public let outputRate: Rational
  /// Time of the clip's first frame on the file's own clock, in seconds; what sound is cut at.
  /// Later than planned when the first frames are lost.
  public private(set) var clipStart: Rational
  /// Number of frames that ``next()`` will return from an undamaged file; `nil` for a stream.
  public let expectedFrames: Int?
  /// Damaged or missing frames left out so far (``ReaderOptions/allowPartial``). Their places
  /// within the clip show the nearest good frame, so that sound and pictures stay together.
  public var lostFrames: Int { source.lost }

  private let path: String
  private let source: any PictureSource
  private let converter: FrameConverter
  private let options: ReaderOptions
  private let step: Int
  private var firstPoint: Int
  private var index = 0
  private var current: (position: Double, picture: SourcePicture)?
  private var pending: (position: Double, picture: SourcePicture)?
  private var hasEnded = false
  private var converted: (number: Int, frame: RGBFrame)?

  /// Opens `path` ("-": YUV4MPEG2 on standard input).
  ///
  /// - Throws: ``MediaError`` when there is no such file, it holds no video, or it is refused.
  public init(path: String, options: ReaderOptions = ReaderOptions()) throws {
    self.path = path
    self.options = options
    source =
      path == "-" || Y4MSource.recognizes(path)
      ? try Y4MSource(path: path, options: options)
      : try LibavSource(path: path, options: options)
    info = source.info
    let geometry = Geometry(
      coded: FrameSize(width: info.codedWidth, height: info.codedHeight),
      aspect: info.sampleAspect,
      orientation: Orientation(degrees: info.rotation, isMirrored: info.isMirrored),
      target: options.size)
    try Self.checkSize(geometry, options, path)
    width = geometry.output.width
    height = geometry.output.height
    converter = FrameConverter(geometry, path: path)

    let timing = source.timing
    step = try Self.step(options, rate: timing.rate, path)
    outputRate = timing.rate / Rational(step)
    guard options.start >= 0 else { throw MediaError(path, reason: "a start must not be negative") }
    let first = (options.start * timing.rate).ceiling
    firstPoint = first
    clipStart = timing.start + Rational(first) / timing.rate
    if let count = timing.count {
      guard first < count else {
        let length = (Rational(count) / timing.rate).value
        throw MediaError(
          path, reason: "a start of \(options.start.value) s is after its end at \(length) s")
      }
      let available = (count - first + step - 1) / step
      expectedFrames = min(available, options.frames ?? available)
    } else {
      expectedFrames = nil
    }
    if !timing.isResampled { try source.skip(toFrame: first) }
  }

  /// The next frame, or `nil` after the last.
  ///
  /// - Throws: ``MediaError`` at the first damaged or missing frame, naming it.
  public func next() throws -> RGBFrame? {
    if let frames = options.frames, index >= frames { return nil }
    if let count = source.timing.count, firstPoint + index * step >= count {
      try drain()
      return nil
    }
    guard let picture = try picture(at: firstPoint + index * step) else {
      if index == 0 { throw MediaError(path, reason: "no frame of it could be read") }
      return nil
    }
    let frame = try convert(picture)
    index += 1
    return frame
  }

  /// Reads past the last frame taken, where damage at the end of the file shows.
  private func drain() throws {
    while !hasEnded { try advance() }
  }

  /// The picture nearest to a point of the grid.
  private func picture(at point: Int) throws -> SourcePicture? {
    let target = Double(point)
    while current.map({ $0.position < target }) ?? true {
      if pending == nil { try advance() }
      guard let candidate = pending else { break }
      if let current, abs(candidate.position - target) >= abs(current.position - target) { break }
      current = candidate
      pending = nil
    }
    guard let current else { return nil }
    if index == 0, current.position > target + 0.5 {
      // The beginning is lost: the clip starts at the first good frame.
      let skipped = Int((current.position - target).rounded())
      firstPoint += skipped
      clipStart = clipStart + Rational(skipped) / source.timing.rate
    }
    let isPastEnd = hasEnded && pending == nil && !source.timing.isResampled
    return isPastEnd && current.position < target ? nil : current.picture
  }

  private func advance() throws {
    guard !hasEnded else { return }
    guard let next = try source.next() else {
      hasEnded = true
      return
    }
    let position =
      source.timing.isResampled ? (next.time * source.timing.rate).value : Double(next.number)
    pending = (position, next)
  }

  private func convert(_ picture: SourcePicture) throws -> RGBFrame {
    let time = clipStart + Rational(index) / outputRate
    if let converted, converted.number == picture.number {
      var frame = converted.frame
      frame.index = index
      frame.sourceTime = time
      return frame
    }
    let frame = try converter.convert(picture.picture, index: index, time: time)
    converted = (picture.number, frame)
    return frame
  }

  /// Remarks for people, each one line: alpha composited, pixels made square, rate resampled…
  /// Complete after the last frame.
  public var warnings: [String] {
    var lines: [String] = []
    if Geometry.squarePixels(
      FrameSize(width: info.codedWidth, height: info.codedHeight), aspect: info.sampleAspect
    ).width != info.codedWidth {
      lines.append(
        "pixels are \(info.sampleAspect) wide; the width is stretched to make them square")
    }
    if info.isInterlaced {
      lines.append("interlaced; both fields are taken as one picture, without deinterlacing")
    }
    if converter.metTransparency { lines.append("transparent parts are laid over black") }
    if info.color.isHDR { lines.append("HDR (\(info.color.transfer)) is taken as if it were SDR") }
    if source.timing.isResampled {
      lines.append(
        "variable frame rate; resampled to \(source.timing.rate) frames per second, nearest frame")
    }
    if lostFrames > 0 {
      lines.append("\(lostFrames) damaged or missing frame\(lostFrames == 1 ? "" : "s") left out")
    }
    return lines.map { "\(path): \($0)" }
  }

  private static func step(_ options: ReaderOptions, rate: Rational, _ path: String) throws -> Int {
    guard options.every >= 1 else {
      throw MediaError(path, reason: "every n-th frame needs an n of at least 1")
    }
    guard let limit = options.maxFPS else { return options.every }
    guard limit > 0 else { throw MediaError(path, reason: "a maximal rate must be above 0") }
    return max(1, (rate / limit).ceiling) * options.every
  }

  private static func checkSize(
    _ geometry: Geometry, _ options: ReaderOptions, _ path: String
  ) throws {
    let largest = max(
      geometry.coded.width * geometry.coded.height, geometry.scaled.width * geometry.scaled.height)
    guard largest <= options.maxPixels else {
      throw MediaError(
        path,
        reason: "needs a picture of \(largest) pixels, more than the \(options.maxPixels) allowed")
    }
  }
}
