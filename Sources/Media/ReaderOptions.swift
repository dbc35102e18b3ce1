/// Which part of a video to read, and in what form.
public struct ReaderOptions: Sendable {
  /// Seconds after the first frame at which the clip begins.
  public var start: Rational = 0
  /// At most so many frames, counted after `maxFPS` and `every`; `nil`: to the end.
  public var frames: Int?
  /// The rate must not be above this: every n-th frame is taken, n = ceil(fps / maxFPS), and the
  /// clip's rate is exactly fps / n.
  public var maxFPS: Rational?
  /// Take every n-th frame; multiplies with `maxFPS`.
  public var every = 1
  /// Scale to cover this size and crop the centre (bicubic).
  public var size: FrameSize?
  /// Leave damaged frames out and count them, instead of stopping at the first.
  public var allowPartial = false
  /// Take PQ and HLG sources, converted as if they were SDR.
  public var allowHDR = false
  /// A picture of more pixels than this is refused before memory is taken for it.
  public var maxPixels = 16384 * 8192

  public init() {}
}

/// Width and height in pixels.
public struct FrameSize: Hashable, Sendable {
  public var width: Int
  public var height: Int

  public init(width: Int, height: Int) {
    self.width = width
    self.height = height
  }

  /// Reads "640x480"; both must be from 1 to 65535.
  public init?(_ text: some StringProtocol) {
    let parts = text.lowercased().split(separator: "x", omittingEmptySubsequences: false)
    guard parts.count == 2, let width = Int(parts[0]), let height = Int(parts[1]),
      (1...65535).contains(width), (1...65535).contains(height)
    else { return nil }
    self.init(width: width, height: height)
  }
}
