internal import CFFmpeg

/// A decoded picture with its place in the source.
struct SourcePicture {
  var picture: Picture
  /// Seconds after the source's first frame.
  var time: Rational
  /// The frame's number in the source, in the order of showing.
  var number: Int
}

/// Hands out a source's pictures in the order of showing.
protocol PictureSource: AnyObject {
  var info: VideoInfo { get }
  var timing: Timing { get }
  /// Damaged or missing pictures left out so far.
  var lost: Int { get }
  /// Passes over the pictures before frame `number`; called at most once, before the first
  /// ``next()``, and only where nothing is resampled.
  func skip(toFrame number: Int) throws
  /// The next picture; `nil` at the end.
  func next() throws -> SourcePicture?
}

/// The clock a source is read by.
struct Timing {
  /// Rate of the constant grid that frames are taken at.
  var rate: Rational
  /// Frames are not one per grid point: the nearest one is taken for each.
  var isResampled: Bool
  /// Grid points in the whole source; `nil` when it must be read to know.
  var count: Int?
  /// Seconds of the first frame on the source's own clock.
  var start: Rational
}
