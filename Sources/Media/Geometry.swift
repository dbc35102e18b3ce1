internal import CFFmpeg

/// How stored pictures must be turned to stand upright.
struct Orientation: Hashable {
  /// Clockwise degrees: 0, 90, 180 or 270.
  var degrees = 0
  /// Mirrored left to right after the turn.
  var isMirrored = false

  init(degrees: Int = 0, isMirrored: Bool = false) {
    self.degrees = degrees
    self.isMirrored = isMirrored
  }

  /// From the stream's display matrix; angles that are no quarter turns go to the nearest one.
  init(_ stream: UnsafeMutablePointer<AVStream>) {
    if let matrix = cff_display_matrix(stream) {
      self.init(matrix: (0..<9).map { matrix[$0] })
    } else {
      self.init()
    }
  }

  /// From the nine numbers of a display matrix.
  init(matrix: [Int32]) {
    let determinant =
      Double(matrix[0]) * Double(matrix[4]) - Double(matrix[1]) * Double(matrix[3])
    var upright = matrix
    isMirrored = determinant < 0
    if isMirrored { for row in 0..<3 { upright[row * 3] = 0 &- upright[row * 3] } }
    let angle = av_display_rotation_get(upright)  // counter-clockwise, NaN when degenerate
    guard angle.isFinite else { return }
    let quarters = Int((-angle / 90).rounded()) % 4
    degrees = (quarters + 4) % 4 * 90
  }

  /// A size after the turn.
  func turned(_ size: FrameSize) -> FrameSize {
    degrees % 180 == 0 ? size : FrameSize(width: size.height, height: size.width)
  }
}

/// From stored picture to the one handed out: scaled, then turned upright, then cropped.
struct Geometry: Hashable {
  /// Size of the decoded picture.
  let coded: FrameSize
  /// Size to scale it to, before the turn.
  let scaled: FrameSize
  let orientation: Orientation
  /// Size handed out: the centre of the upright scaled picture.
  let output: FrameSize
  /// Left and top of that centre.
  let crop: (x: Int, y: Int)

  /// - Parameters:
  ///   - aspect: width of a stored pixel relative to its height.
  ///   - target: covered and cropped to, when given.
  init(coded: FrameSize, aspect: Rational, orientation: Orientation, target: FrameSize?) {
    self.coded = coded
    self.orientation = orientation
    let square = Self.squarePixels(coded, aspect: aspect)
    let upright = orientation.turned(square)
    guard let target else {
      (scaled, output, crop) = (square, upright, (0, 0))
      return
    }
    let factor = max(
      Double(target.width) / Double(upright.width), Double(target.height) / Double(upright.height))
    let cover = FrameSize(
      width: max(target.width, Int((Double(upright.width) * factor).rounded())),
      height: max(target.height, Int((Double(upright.height) * factor).rounded())))
    scaled = orientation.turned(cover)
    output = target
    crop = ((cover.width - target.width) / 2, (cover.height - target.height) / 2)
  }

  /// The size with square pixels: the width is stretched. An aspect within 1% of square is an
  /// encoder's rounding and is left alone.
  static func squarePixels(_ size: FrameSize, aspect: Rational) -> FrameSize {
    guard abs(aspect.value - 1) >= 0.01 else { return size }
    let width = (Double(size.width) * aspect.value).rounded()
    return FrameSize(width: Int(min(max(width, 1), 1_000_000)), height: size.height)
  }

  static func == (a: Geometry, b: Geometry) -> Bool {
    a.coded == b.coded && a.scaled == b.scaled && a.orientation == b.orientation
      && a.output == b.output && a.crop == b.crop
  }

  func hash(into hasher: inout Hasher) {
    hasher.combine(coded)
    hasher.combine(output)
  }

  /// Where the pixel at the output's left top comes from in the scaled picture, and how far one
  /// step right and one step down move there.
  var walk: (start: (x: Int, y: Int), right: (x: Int, y: Int), down: (x: Int, y: Int)) {
    let (w, h) = (scaled.width - 1, scaled.height - 1)
    func source(_ x: Int, _ y: Int) -> (x: Int, y: Int) {
      let uprightWidth = orientation.turned(scaled).width - 1
      let x = orientation.isMirrored ? uprightWidth - x : x
      return switch orientation.degrees {
      case 90: (y, h - x)
      case 180: (w - x, h - y)
      case 270: (w - y, x)
      default: (x, y)
      }
    }
    let start = source(crop.x, crop.y)
    let right = source(crop.x + 1, crop.y)
    let down = source(crop.x, crop.y + 1)
    return (
      start, (right.x - start.x, right.y - start.y), (down.x - start.x, down.y - start.y)
    )
  }
}
