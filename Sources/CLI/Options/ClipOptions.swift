import ArgumentParser
import Media

/// Which part of a source is taken, and how.
struct ClipOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("Cover this size and crop the centre.", valueName: "WxH"))
  var size: FrameSize?

  @Option(
    help: ArgumentHelp(
      "Take every n-th frame so that the rate is at most this.", valueName: "fps"))
  var maxFps: FrameRate?

  @Option(help: ArgumentHelp("Take every n-th frame.", valueName: "n"))
  var every: Int?

  @Option(help: ArgumentHelp("Begin at this time.", valueName: "seconds"))
  var start: Rational?

  @Option(help: ArgumentHelp("Stop after this many frames.", valueName: "n"))
  var frames: Int?

  @Flag(help: "Keep the good frames of a damaged source and say how many were lost.")
  var allowPartial = false

  @Flag(help: "Take HDR sources (PQ, HLG) by the plain conversion, without tone mapping.")
  var allowHdr = false

  func validate() throws {
    if let frames, frames < 1 { throw ValidationError("--frames \(frames): at least 1 is needed") }
    if let every, every < 1 { throw ValidationError("--every \(every): at least 1 is needed") }
    if let start, start.numerator < 0 {
      throw ValidationError("--start must not be negative")
    }
  }
}

extension ClipOptions {
  /// The same for the reader.
  var readerOptions: ReaderOptions {
    var options = ReaderOptions()
    options.start = start ?? 0
    options.frames = frames
    options.maxFPS = maxFps?.value
    options.every = every ?? 1
    options.size = size
    options.allowPartial = allowPartial
    options.allowHDR = allowHdr
    return options
  }
}
