import Media
import Tensor

/// A picture as hosts give it: R, G, B, A bytes of each pixel in this order, rows without gaps.
struct PackedFrame {
  let width: Int
  let height: Int
  private(set) var bytes: [UInt8]

  init(width: Int, height: Int, copying source: UnsafeRawPointer) {
    self.width = width
    self.height = height
    bytes = Array(UnsafeRawBufferPointer(start: source, count: 4 * width * height))
  }

  func copy(to target: UnsafeMutableRawPointer) {
    bytes.withUnsafeBytes {
      target.copyMemory(from: $0.baseAddress ?? UnsafeRawPointer(target), byteCount: $0.count)
    }
  }

  /// Frames of one size as `[3, T, H, W]` in [-1, 1]; alpha is left out.
  static func tensor(_ frames: [PackedFrame]) -> Tensor {
    let (width, height) = (frames[0].width, frames[0].height)
    let area = width * height
    return Tensor([3, frames.count, height, width]) { target in
      for (t, frame) in frames.enumerated() {
        for c in 0..<3 {
          let plane = (c * frames.count + t) * area
          for i in 0..<area {
            target[plane + i] = Float(frame.bytes[4 * i + c]) * (2 / 255) - 1
          }
        }
      }
    }
  }

  /// This source picture with a reconstruction shown as `settings` say; alpha stays the source's.
  func showing(_ reconstruction: RGBFrame, _ settings: Settings) -> PackedFrame {
    var result = self
    let planes = reconstruction.bytes
    let area = width * height
    let weight = Float(settings.mix)
    for y in 0..<height {
      for x in settings.view == .split ? (width / 2)..<width : 0..<width {
        let i = y * width + x
        for c in 0..<3 {
          let source = Float(bytes[4 * i + c])
          let mixed = UInt8(source + (Float(planes[c * area + i]) - source) * weight + 0.5)
          result.bytes[4 * i + c] =
            settings.view == .difference
            ? UInt8(min(abs(Int(mixed) - Int(source)) * Self.amplification, 255)) : mixed
        }
      }
    }
    return result
  }

  /// How many times the difference is enlarged; the reports use the same.
  private static let amplification = 8
}
