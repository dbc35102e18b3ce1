internal import CFFmpeg

/// Turns RGB frames into YUV pictures of one size and layout. Not thread-safe.
///
/// The matrix is BT.709 from 720 lines up, else BT.601; ``meaning`` is what was really used.
final class YUVConverter {
  let meaning: ColorMeaning
  private let padded: FrameSize
  private let layout: YUVLayout
  private let path: String
  private var scaler: (format: AVPixelFormat.RawValue, scaler: Scaler, planes: Picture)?

  /// - Parameter padded: size of the pictures; larger frames' right and bottom pixels are repeated.
  init(size: FrameSize, padded: FrameSize, layout: YUVLayout, path: String) {
    self.padded = padded
    self.layout = layout
    self.path = path
    meaning = ColorMeaning.assumed(height: size.height, layout: layout)
  }

  /// A new picture of the frame.
  func convert(_ frame: RGBFrame) throws -> Picture {
    let source = layout.bitDepth > 8 ? frame : frame.eightBit()
    let planar = source.bitDepth > 8 ? AV_PIX_FMT_GBRP16LE : AV_PIX_FMT_GBRP
    if scaler?.format != planar.rawValue {
      let made = try Scaler(
        from: .init(size: padded, format: planar.rawValue, meaning: nil),
        to: .init(size: padded, format: layout.pixelFormat.rawValue, meaning: meaning), path: path)
      let planes = try Picture(width: padded.width, height: padded.height, format: planar)
      scaler = (planar.rawValue, made, planes)
    }
    let target = try Picture(
      width: padded.width, height: padded.height, format: layout.pixelFormat)
    guard let (_, scaler, planes) = scaler else { return target }
    switch source.samples {
    case .eight(let values): fill(planes, values, source)
    case .sixteen(let values): fill(planes, values, source)
    }
    try scaler.convert(planes, to: target, path: path)
    target.frame.pointee.colorspace = AVColorSpace(rawValue: meaning.matrix)
    target.frame.pointee.color_range = layout.fullRange ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG
    target.frame.pointee.chroma_location = layout.siting.location
    return target
  }

  private func fill<Value: FixedWidthInteger>(
    _ planes: Picture, _ values: [Value], _ frame: RGBFrame
  ) {
    // libav's planar RGB lies as G, B, R.
    for (component, index) in [2, 0, 1].enumerated() {
      guard let plane = planes.plane(index) else { continue }
      values.withUnsafeBufferPointer { source in
        for y in 0..<padded.height {
          let from = (component * frame.height + min(y, frame.height - 1)) * frame.width
          let row = UnsafeMutableRawPointer(plane.base + y * plane.stride)
          let target = row.assumingMemoryBound(to: Value.self)
          for x in 0..<frame.width { target[x] = source[from + x] }
          for x in frame.width..<max(padded.width, frame.width) {
            target[x] = source[from + frame.width - 1]
          }
        }
      }
    }
  }
}
