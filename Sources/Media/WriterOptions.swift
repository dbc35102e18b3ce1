/// What a ``VideoWriter`` writes.
public enum VideoFormat: String, Sendable, CaseIterable {
  /// H.264 (libx264) in MP4, playable from its first bytes.
  case mp4
  /// One picture, 8 bits.
  case png
  /// YUV4MPEG2, uncompressed; the path "-" is standard output.
  case y4m

  /// The format a file's name asks for, by its extension.
  public init?(path: String) {
    guard let dot = path.lastIndex(of: ".") else { return nil }
    self.init(rawValue: path[path.index(after: dot)...].lowercased())
  }
}

/// How a ``VideoWriter`` encodes.
public struct WriterOptions: Sendable {
  /// x264's constant rate factor, 0 (lossless) to 51; MP4 only.
  public var crf = 23
  /// x264's preset; MP4 only.
  public var preset = "medium"
  /// Sound to copy beside the pictures; MP4 only.
  public var audio: AudioSource?
  /// Chroma layout; Y4M only.
  public var layout = YUVLayout()

  public init() {}
}

/// Sound of another file, to be copied packet by packet.
public struct AudioSource: Sendable {
  /// The file that holds the sound.
  public var path: String
  /// The moment on that file's own clock, in seconds, at which the new clip begins.
  public var start: Rational
  /// Sound that is absent, or that MP4 cannot hold, is an error; otherwise it is left out with a
  /// warning.
  public var isRequired: Bool

  public init(path: String, start: Rational, isRequired: Bool = false) {
    self.path = path
    self.start = start
    self.isRequired = isRequired
  }
}
