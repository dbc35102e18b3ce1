internal import CFFmpeg

/// Turns decoded pictures into upright RGB of the size wanted. Not thread-safe.
///
/// YUV is converted and scaled by swscale in one step, by the frame's own matrix, range and siting.
/// RGB, palette and alpha-carrying RGB are unpacked exactly, then each plane is scaled as grey.
final class FrameConverter {
  private let geometry: Geometry
  private let path: String
  private var scaler: (key: Key, scaler: Scaler, target: Picture)?
  /// A pixel that was not opaque has been seen; it was laid over black.
  private(set) var metTransparency = false

  private struct Key: Hashable {
    var format: AVPixelFormat.RawValue
    var meaning: ColorMeaning?
  }

  init(_ geometry: Geometry, path: String) {
    self.geometry = geometry
    self.path = path
  }

  /// Converts one picture, whose size must be the geometry's coded size.
  func convert(_ picture: Picture, index: Int, time: Rational?) throws -> RGBFrame {
    let format = PixelFormat(picture.format)
    guard format.isKnown, !format.isFloat else {
      throw MediaError(path, reason: "its pixel format cannot be converted")
    }
    let planes =
      format.isRGB ? try scaledRGB(picture, format) : try convertedYUV(picture, format)
    let (width, height) = (geometry.output.width, geometry.output.height)
    let samples: RGBFrame.Samples =
      format.depth > 8
      ? .sixteen(assemble(planes, hasAlpha: format.hasAlpha, full: 65535 as UInt16))
      : .eight(assemble(planes, hasAlpha: format.hasAlpha, full: 255 as UInt8))
    return RGBFrame(width: width, height: height, samples: samples, index: index, sourceTime: time)
  }

  /// YUV to planar GBR(A) at the scaled size.
  private func convertedYUV(_ picture: Picture, _ format: PixelFormat) throws -> [Plane] {
    let meaning = ColorMeaning(picture)
    let key = Key(format: picture.format.rawValue, meaning: meaning)
    if scaler?.key != key {
      let wide = format.depth > 8
      let output =
        format.hasAlpha
        ? (wide ? AV_PIX_FMT_GBRAP16LE : AV_PIX_FMT_GBRAP)
        : (wide ? AV_PIX_FMT_GBRP16LE : AV_PIX_FMT_GBRP)
      let target = try Picture(
        width: geometry.scaled.width, height: geometry.scaled.height, format: output)
      let made = try Scaler(
        from: .init(size: geometry.coded, format: key.format, meaning: meaning),
        to: .init(size: geometry.scaled, format: output.rawValue, meaning: nil), path: path)
      scaler = (key, made, target)
    }
    guard let (_, scaler, target) = scaler else { return [] }
    try scaler.convert(picture, to: target, path: path)
    // libav's planar RGB lies as G, B, R, A.
    return [2, 0, 1, 3].compactMap { Plane(target, $0) }
  }

  /// RGB in any packing to separate planes at the scaled size.
  private func scaledRGB(_ picture: Picture, _ format: PixelFormat) throws -> [Plane] {
    let components = format.isPalette ? 4 : format.components
    let gray = format.depth > 8 ? AV_PIX_FMT_GRAY16LE : AV_PIX_FMT_GRAY8
    return try (0..<components).compactMap { component in
      let plane = try Picture(
        width: geometry.coded.width, height: geometry.coded.height, format: gray)
      unpack(component, of: picture, format, into: plane)
      guard geometry.scaled != geometry.coded else { return Plane(plane, 0) }
      let target = try Picture(
        width: geometry.scaled.width, height: geometry.scaled.height, format: gray)
      try grayScaler(gray).convert(plane, to: target, path: path)
      return Plane(target, 0)
    }
  }

  private func grayScaler(_ format: AVPixelFormat) throws -> Scaler {
    let key = Key(format: format.rawValue, meaning: nil)
    if let scaler, scaler.key == key { return scaler.scaler }
    let made = try Scaler(
      from: .init(size: geometry.coded, format: format.rawValue, meaning: nil),
      to: .init(size: geometry.scaled, format: format.rawValue, meaning: nil), path: path)
    scaler = (key, made, try Picture())
    return made
  }

  /// Copies a component into a grey plane, widened to the full 8 or 16 bits.
  private func unpack(
    _ component: Int, of picture: Picture, _ format: PixelFormat, into plane: Picture
  ) {
    guard let (base, stride) = plane.plane(0) else { return }
    let depth = format.depth(ofComponent: component)
    let largest = UInt32(1) << UInt32(depth) - 1
    let full: UInt32 = format.depth > 8 ? 65535 : 255
    var row = [UInt16](repeating: 0, count: picture.width)
    for y in 0..<picture.height {
      format.readRow(y, component: component, of: picture, into: &row)
      if largest != full {
        for x in 0..<row.count {
          row[x] = UInt16((UInt32(row[x]) * full + largest / 2) / largest)
        }
      }
      let line = UnsafeMutableRawPointer(base + y * stride)
      if full == 255 {
        for x in 0..<row.count {
          line.storeBytes(of: UInt8(row[x]), toByteOffset: x, as: UInt8.self)
        }
      } else {
        row.withUnsafeBytes {
          line.copyMemory(from: $0.baseAddress ?? UnsafeRawPointer(line), byteCount: $0.count)
        }
      }
    }
  }

  /// One plane of a picture that stays alive as long as this.
  private struct Plane {
    let owner: Picture
    let base: UnsafePointer<UInt8>
    let stride: Int

    init?(_ picture: Picture, _ index: Int) {
      guard let (base, stride) = picture.plane(index) else { return nil }
      self.owner = picture
      self.base = UnsafePointer(base)
      self.stride = stride
    }
  }

  /// Turns, crops and lays over black: planes R, G, B (and alpha) into one array.
  private func assemble<Value: FixedWidthInteger & UnsignedInteger>(
    _ planes: [Plane], hasAlpha: Bool, full: Value
  ) -> [Value] {
    let (width, height) = (geometry.output.width, geometry.output.height)
    let walk = geometry.walk
    let size = MemoryLayout<Value>.size
    // At least R, G, B are there by construction of the callers.
    return [Value](unsafeUninitializedCapacity: 3 * width * height) { target, count in
      var transparent = false
      for (c, plane) in planes.prefix(3).enumerated() {
        for y in 0..<height {
          let x0 = walk.start.x + y * walk.down.x
          let y0 = walk.start.y + y * walk.down.y
          let step = walk.right.x * size + walk.right.y * plane.stride
          let start = UnsafeRawPointer(plane.base) + y0 * plane.stride + x0 * size
          let out = (c * height + y) * width
          if step == size, let base = target.baseAddress {
            UnsafeMutableRawPointer(base + out).copyMemory(from: start, byteCount: width * size)
          } else {
            for x in 0..<width {
              target[out + x] = (start + x * step).loadUnaligned(as: Value.self)
            }
          }
          guard hasAlpha, planes.count == 4 else { continue }
          let alpha = planes[3]
          let alphaStep = walk.right.x * size + walk.right.y * alpha.stride
          let alphaStart = UnsafeRawPointer(alpha.base) + y0 * alpha.stride + x0 * size
          for x in 0..<width {
            let opacity = (alphaStart + x * alphaStep).loadUnaligned(as: Value.self)
            if opacity == full { continue }
            transparent = true
            let value = UInt64(target[out + x]) * UInt64(opacity) + UInt64(full) / 2
            target[out + x] = Value(value / UInt64(full))
          }
        }
      }
      if transparent { metTransparency = true }
      count = 3 * width * height
    }
  }
}
