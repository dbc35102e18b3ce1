internal import CFFmpeg

/// Owns a swscale context that does one conversion: accurate, bicubic, on one thread.
final class Scaler {
  private let context: OpaquePointer

  /// One side of a conversion.
  struct Side: Hashable {
    var size: FrameSize
    var format: AVPixelFormat.RawValue
    /// The meaning of YUV samples; `nil` for RGB and for planes that are only scaled.
    var meaning: ColorMeaning?
  }

  /// The fast defaults darken every pixel by about one level; these flags do not.
  private static let flags =
    SWS_BICUBIC | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT | SWS_FULL_CHR_H_INP | SWS_BITEXACT

  init(from source: Side, to target: Side, path: String) throws {
    guard let context = sws_alloc_context() else {
      throw MediaError(path, "cannot convert colours", code: cff_no_memory)
    }
    self.context = context
    for (side, prefix) in [(source, "src"), (target, "dst")] {
      set(prefix + "w", Int64(side.size.width))
      set(prefix + "h", Int64(side.size.height))
      set(prefix + "_format", Int64(side.format))
      set(prefix + "_range", side.meaning.map { $0.isFullRange ? 1 : 0 } ?? 1)
      let format = PixelFormat(AVPixelFormat(rawValue: side.format))
      guard let offset = side.meaning?.siting.offset else { continue }
      if format.hasSubsampledColumns { set(prefix + "_h_chr_pos", offset.horizontal) }
      if format.hasSubsampledRows { set(prefix + "_v_chr_pos", offset.vertical) }
    }
    set("sws_flags", Int64(Self.flags))
    try setColors(source: source.meaning, target: target.meaning, path)
    try check(sws_init_context(context, nil, nil), path, "cannot convert colours")
    // Once more: initialising replaces the ranges by what the pixel formats suggest.
    try setColors(source: source.meaning, target: target.meaning, path)
  }

  deinit { sws_freeContext(context) }

  /// Converts a whole picture; sizes and formats are those given at the start.
  func convert(_ source: Picture, to target: Picture, path: String) throws {
    let from = source.frame.pointee
    let to = target.frame.pointee
    let planes: [UnsafePointer<UInt8>?] = [from.data.0, from.data.1, from.data.2, from.data.3].map {
      plane in plane.map { UnsafePointer($0) }
    }
    let strides = [from.linesize.0, from.linesize.1, from.linesize.2, from.linesize.3]
    try check(
      sws_scale(
        context, planes, strides, 0, from.height, [to.data.0, to.data.1, to.data.2, to.data.3],
        [to.linesize.0, to.linesize.1, to.linesize.2, to.linesize.3]),
      path, "cannot convert colours")
  }

  private func set(_ option: String, _ value: Int64) {
    av_opt_set_int(UnsafeMutableRawPointer(context), option, value, 0)
  }

  /// RGB has no matrix: swscale takes the source's for YUV to RGB and the target's for RGB to YUV.
  private func setColors(source: ColorMeaning?, target: ColorMeaning?, _ path: String) throws {
    guard let any = source ?? target else { return }
    guard let table = any.coefficients else {
      let name = av_color_space_name(AVColorSpace(rawValue: any.matrix))
      let matrix = name.map { String(cString: $0) } ?? "unknown"
      throw MediaError(path, reason: "its colour matrix \(matrix) cannot be converted")
    }
    let one: Int32 = 1 << 16
    sws_setColorspaceDetails(
      context, table, source.map { $0.isFullRange ? 1 : 0 } ?? 1, table,
      target.map { $0.isFullRange ? 1 : 0 } ?? 1, 0, one, one)
  }
}
