public import Tensor

/// One RGB picture in three planes, with its place in the clip.
public struct RGBFrame: Sendable {
  /// Samples of the planes R, G, B one after the other, each row by row without gaps.
  public enum Samples: Sendable {
    /// 0 is black, 255 full.
    case eight([UInt8])
    /// 0 is black, 65535 full; for sources of more than 8 bits.
    case sixteen([UInt16])
  }

  /// Columns.
  public let width: Int
  /// Rows.
  public let height: Int
  /// `3 · width · height` values.
  public let samples: Samples
  /// Place in the clip that was asked for, from 0.
  public var index: Int
  /// Time on the source's own clock in seconds, `nil` where the frame has no source.
  public var sourceTime: Rational?

  /// 8 or 16.
  public var bitDepth: Int {
    switch samples {
    case .eight: 8
    case .sixteen: 16
    }
  }

  /// A frame of given samples; `samples` must hold `3 · width · height` values.
  public init(
    width: Int, height: Int, samples: Samples, index: Int = 0, sourceTime: Rational? = nil
  ) {
    let count =
      switch samples {
      case .eight(let values): values.count
      case .sixteen(let values): values.count
      }
    precondition(count == 3 * width * height, "\(count) samples for \(width)x\(height)")
    self.width = width
    self.height = height
    self.samples = samples
    self.index = index
    self.sourceTime = sourceTime
  }

  /// The frame as the model takes it: `[3, 1, height, width]` in [-1, 1], black -1, full 1.
  public func tensor() -> Tensor {
    Tensor([3, 1, height, width]) { target in write(to: target) }
  }

  /// Writes `3 · width · height` values in [-1, 1], planes R, G, B, into `target`.
  public func write(to target: UnsafeMutableBufferPointer<Float>) {
    switch samples {
    case .eight(let values):
      for i in 0..<values.count { target[i] = Float(values[i]) * (2 / 255) - 1 }
    case .sixteen(let values):
      for i in 0..<values.count { target[i] = Float(values[i]) * (2 / 65535) - 1 }
    }
  }

  /// Frame `frame` of a video tensor `[3, T, height, width]` in [-1, 1] as 8 bits, as the
  /// reference's `save_sample` makes it: clamped, mapped to [0, 1], `x · 255 + 0.5` truncated.
  public init(_ video: Tensor, frame: Int = 0, index: Int = 0) {
    let shape = video.shape
    precondition(shape.count == 4 && shape[0] == 3 && frame < shape[1], "\(shape) is not RGB video")
    let (frames, height, width) = (shape[1], shape[2], shape[3])
    let area = height * width
    let values = [UInt8](unsafeUninitializedCapacity: 3 * area) { target, count in
      for plane in 0..<3 {
        let start = (plane * frames + frame) * area
        video.writeSamples(
          start..<start + area,
          to: UnsafeMutableBufferPointer(rebasing: target[plane * area..<(plane + 1) * area]))
      }
      count = 3 * area
    }
    self.init(width: width, height: height, samples: .eight(values), index: index)
  }

  /// The same picture in 8 bits, each value rounded to the nearest.
  public func eightBit() -> RGBFrame {
    guard case .sixteen(let values) = samples else { return self }
    let rounded = values.map { UInt8((UInt32($0) * 255 + 32767) / 65535) }
    return RGBFrame(
      width: width, height: height, samples: .eight(rounded), index: index, sourceTime: sourceTime)
  }

  /// The left top part of the picture, of at most its own size.
  public func cropped(width: Int, height: Int) -> RGBFrame {
    precondition(width <= self.width && height <= self.height, "\(width)x\(height) is no part")
    guard width != self.width || height != self.height else { return self }
    func part<Value>(of values: [Value]) -> [Value] {
      (0..<3 * height).flatMap { row in
        let first = (row / height * self.height + row % height) * self.width
        return values[first..<first + width]
      }
    }
    let samples: Samples =
      switch samples {
      case .eight(let values): .eight(part(of: values))
      case .sixteen(let values): .sixteen(part(of: values))
      }
    return RGBFrame(
      width: width, height: height, samples: samples, index: index, sourceTime: sourceTime)
  }

  /// The samples in 8 bits, planes R, G, B, rounded where the frame has 16.
  public var bytes: [UInt8] {
    guard case .eight(let values) = eightBit().samples else { return [] }
    return values
  }
}
