import Media
import Tensor

/// A picture as hosts give it: R, G, B, A bytes of each pixel in this order, kept without gaps
/// between rows.
struct PackedFrame {
  let width: Int
  let height: Int
  private(set) var bytes: [UInt8]

  /// - Parameter rowStep: bytes from one row of the host's to the next.
  init(width: Int, height: Int, copying source: UnsafeRawPointer, rowStep: Int) {
    self.width = width
    self.height = height
    let row = 4 * width
    bytes = [UInt8](unsafeUninitializedCapacity: row * height) { target, count in
      let target = UnsafeMutableRawBufferPointer(target)
      for y in 0..<height {
        UnsafeMutableRawBufferPointer(rebasing: target[(y * row)..<((y + 1) * row)])
          .copyMemory(from: UnsafeRawBufferPointer(start: source + y * rowStep, count: row))
      }
      count = row * height
    }
  }

  func copy(to target: UnsafeMutableRawPointer, rowStep: Int) {
    let row = 4 * width
    bytes.withUnsafeBytes { source in
      for y in 0..<height {
        UnsafeMutableRawBufferPointer(start: target + y * rowStep, count: row)
          .copyMemory(from: UnsafeRawBufferPointer(rebasing: source[(y * row)..<((y + 1) * row)]))
      }
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
