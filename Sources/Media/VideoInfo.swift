/// What a media file says about its first real video stream, from its headers.
public struct VideoInfo: Sendable {
  /// The container's short name, e.g. "mov,mp4,m4a,3gp,3g2,mj2" or "png_pipe".
  public var container: String
  /// The codec's short name, e.g. "h264".
  public var codec: String
  /// Size as shown: upright, pixels made square.
  public var width: Int
  public var height: Int
  /// Size as stored, before rotation and pixel aspect.
  public var codedWidth: Int
  public var codedHeight: Int
  /// Clockwise turn in degrees (0, 90, 180, 270) that brings the picture upright.
  public var rotation: Int
  /// Mirrored left to right, after the turn.
  public var isMirrored: Bool
  /// Width of a stored pixel relative to its height; 1 when the file does not say.
  public var sampleAspect: Rational
  /// The name of libav's pixel format, e.g. "yuv420p10le".
  public var pixelFormat: String
  /// Bits of one component.
  public var bitDepth: Int
  public var hasAlpha: Bool
  /// A still picture, not a video.
  public var isImage: Bool
  public var isInterlaced: Bool
  public var color: ColorInfo
  /// Chroma layout, for YUV sources of 8 or 10 bits.
  public var layout: YUVLayout?
  /// The rate the clip is read at: exact, from the timestamps where the whole file was looked at
  /// (``VideoReader``), else the container's word.
  public var frameRate: Rational
  /// The container's average rate; `nil` where it says none.
  public var averageRate: Rational?
  /// Frames do not come at equal intervals. `false` where only headers were read.
  public var isVariableRate: Bool
  /// Length in seconds; `nil` where the container does not say.
  public var duration: Rational?
  /// Number of frames; `nil` where the container does not say.
  public var frameCount: Int?
  /// Time of the first frame on the file's own clock, in seconds.
  public var startTime: Rational
  /// The first sound track that a player would choose.
  public var audio: AudioInfo?
}

/// Colour meaning of a video's samples.
public struct ColorInfo: Hashable, Sendable {
  /// libav's names; "unknown" where the file does not say.
  public var matrix: String
  public var primaries: String
  public var transfer: String
  /// `nil` where the file does not say.
  public var isFullRange: Bool?
  /// PQ or HLG: not to be shown as if it were SDR.
  public var isHDR: Bool
}

/// What a file says about its sound.
public struct AudioInfo: Hashable, Sendable {
  /// The codec's short name, e.g. "aac".
  public var codec: String
  /// Samples per second.
  public var sampleRate: Int
  public var channels: Int
  /// Length in seconds; `nil` where the container does not say.
  public var duration: Rational?
}
