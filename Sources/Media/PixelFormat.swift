internal import CFFmpeg

/// Questions about a libav pixel format.
struct PixelFormat {
  let format: AVPixelFormat
  private let descriptor: UnsafePointer<AVPixFmtDescriptor>?

  init(_ format: AVPixelFormat) {
    self.format = format
    descriptor = av_pix_fmt_desc_get(format)
  }

  private var flags: UInt64 { descriptor?.pointee.flags ?? 0 }
  private func has(_ flag: Int32) -> Bool { flags & UInt64(flag) != 0 }

  var isKnown: Bool { descriptor != nil && !has(AV_PIX_FMT_FLAG_HWACCEL) }
  var isRGB: Bool { has(AV_PIX_FMT_FLAG_RGB) || isPalette }
  var isPalette: Bool { has(AV_PIX_FMT_FLAG_PAL) }
  var hasAlpha: Bool { has(AV_PIX_FMT_FLAG_ALPHA) }
  var isFloat: Bool { has(AV_PIX_FMT_FLAG_FLOAT) }
  var isGray: Bool { !isRGB && components <= 2 }
  var components: Int { Int(descriptor?.pointee.nb_components ?? 0) }
  var depth: Int { isPalette ? 8 : Int(descriptor?.pointee.comp.0.depth ?? 8) }
  var hasSubsampledRows: Bool { (descriptor?.pointee.log2_chroma_h ?? 0) > 0 }
  var hasSubsampledColumns: Bool { (descriptor?.pointee.log2_chroma_w ?? 0) > 0 }

  /// Bits of component `index`.
  func depth(ofComponent index: Int) -> Int {
    if isPalette { return 8 }
    guard let components = descriptor?.pointee.comp else { return 8 }
    return Int([components.0, components.1, components.2, components.3][index].depth)
  }

  /// Reads one row of a component, any format without subsampling, as 16-bit numbers.
  func readRow(_ row: Int, component: Int, of picture: Picture, into target: inout [UInt16]) {
    guard let descriptor, component < 4 else { return }
    let frame = picture.frame.pointee
    var planes: [UnsafePointer<UInt8>?] = [frame.data.0, frame.data.1, frame.data.2, frame.data.3]
      .map { plane in plane.map { UnsafePointer($0) } }
    var index = component
    if isPalette {
      // A palette is plane 1: B, G, R, A by turns. Its only component is the index.
      planes[1] = planes[1].map { $0 + [2, 1, 0, 3][component] }
      index = 0
    }
    let strides = [frame.linesize.0, frame.linesize.1, frame.linesize.2, frame.linesize.3]
    av_read_image_line2(
      &target, &planes, strides, descriptor, 0, Int32(row), Int32(index), Int32(target.count),
      isPalette ? 1 : 0, 2)
  }
}
