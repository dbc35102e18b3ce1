/// Size of one clip's activations along time and space; channels are counted apart.
public struct Extent: Hashable, Sendable, CustomStringConvertible {
  public var frames: Int
  public var height: Int
  public var width: Int

  public init(frames: Int, height: Int, width: Int) {
    self.frames = frames
    self.height = height
    self.width = width
  }

  /// Number of positions: frames × height × width.
  public var positions: Int { frames * height * width }

  public var description: String { "\(frames)x\(height)x\(width)" }
}

/// One integer each for time, height and width: a kernel size or a stride.
struct Axes: Hashable, Sendable {
  var t: Int
  var h: Int
  var w: Int

  static let one = Axes(t: 1, h: 1, w: 1)

  var product: Int { t * h * w }
}
