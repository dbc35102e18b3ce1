internal import CFFmpeg

/// How the numbers of YUV pictures become colours: what swscale must be told.
struct ColorMeaning: Hashable {
  /// One of libav's `AVCOL_SPC_` numbers, never "unspecified".
  var matrix: UInt32
  var isFullRange: Bool
  var siting: YUVLayout.Siting

  /// What is meant where nothing is said: BT.709 from 720 lines up, else BT.601, limited range.
  static func assumed(height: Int, layout: YUVLayout) -> ColorMeaning {
    ColorMeaning(
      matrix: (height >= 720 ? AVCOL_SPC_BT709 : AVCOL_SPC_SMPTE170M).rawValue,
      isFullRange: layout.fullRange, siting: layout.siting)
  }

  /// The meaning of a decoded picture. Range and matrix are the frame's, not the pixel format's.
  init(_ picture: Picture) {
    let frame = picture.frame.pointee
    let unspecified = frame.colorspace == AVCOL_SPC_UNSPECIFIED
    let layout = YUVLayout(
      siting: YUVLayout.Siting(frame.chroma_location) ?? .left,
      fullRange: Self.isFullRange(frame.color_range, picture.format))
    self = Self.assumed(height: picture.height, layout: layout)
    if !unspecified { matrix = frame.colorspace.rawValue }
  }

  private init(matrix: UInt32, isFullRange: Bool, siting: YUVLayout.Siting) {
    self.matrix = matrix
    self.isFullRange = isFullRange
    self.siting = siting
  }

  /// swscale's coefficient set; `nil` for a matrix it does not have (YCgCo, ICtCp…).
  var coefficients: UnsafePointer<Int32>? {
    let table: [AVColorSpace.RawValue: Int32] = [
      AVCOL_SPC_BT709.rawValue: SWS_CS_ITU709, AVCOL_SPC_FCC.rawValue: SWS_CS_FCC,
      AVCOL_SPC_BT470BG.rawValue: SWS_CS_ITU601, AVCOL_SPC_SMPTE170M.rawValue: SWS_CS_ITU601,
      AVCOL_SPC_SMPTE240M.rawValue: SWS_CS_SMPTE240M,
      AVCOL_SPC_BT2020_NCL.rawValue: SWS_CS_BT2020, AVCOL_SPC_BT2020_CL.rawValue: SWS_CS_BT2020,
    ]
    guard let name = table[matrix] else { return nil }
    return UnsafePointer(sws_getCoefficients(name))
  }

  /// Grey formats and the old "yuvj" ones are full range unless the frame says otherwise.
  static func isFullRange(_ range: AVColorRange, _ format: AVPixelFormat) -> Bool {
    if range != AVCOL_RANGE_UNSPECIFIED { return range == AVCOL_RANGE_JPEG }
    let full = [
      AV_PIX_FMT_YUVJ420P, AV_PIX_FMT_YUVJ422P, AV_PIX_FMT_YUVJ444P, AV_PIX_FMT_YUVJ440P,
      AV_PIX_FMT_YUVJ411P,
    ]
    return full.contains(format) || PixelFormat(format).isGray
  }
}

extension YUVLayout.Siting {
  init?(_ location: AVChromaLocation) {
    switch location {
    case AVCHROMA_LOC_LEFT: self = .left
    case AVCHROMA_LOC_CENTER: self = .center
    case AVCHROMA_LOC_TOPLEFT: self = .topLeft
    default: return nil
    }
  }

  var location: AVChromaLocation {
    switch self {
    case .left: AVCHROMA_LOC_LEFT
    case .center: AVCHROMA_LOC_CENTER
    case .topLeft: AVCHROMA_LOC_TOPLEFT
    }
  }

  /// Offset of the chroma sample from the luma sample in 1/256 of a luma sample.
  var offset: (horizontal: Int64, vertical: Int64) {
    switch self {
    case .left: (0, 128)
    case .center: (128, 128)
    case .topLeft: (0, 0)
    }
  }
}

extension YUVLayout {
  private static let formats: [(Subsampling, Int, AVPixelFormat)] = [
    (.s420, 8, AV_PIX_FMT_YUV420P), (.s422, 8, AV_PIX_FMT_YUV422P), (.s444, 8, AV_PIX_FMT_YUV444P),
    (.s420, 10, AV_PIX_FMT_YUV420P10LE), (.s422, 10, AV_PIX_FMT_YUV422P10LE),
    (.s444, 10, AV_PIX_FMT_YUV444P10LE),
  ]
  private static let oldFullRange: [(Subsampling, AVPixelFormat)] = [
    (.s420, AV_PIX_FMT_YUVJ420P), (.s422, AV_PIX_FMT_YUVJ422P), (.s444, AV_PIX_FMT_YUVJ444P),
  ]

  /// libav's planar format, little-endian where it has 10 bits.
  var pixelFormat: AVPixelFormat {
    Self.formats.first { $0.0 == subsampling && $0.1 == bitDepth }?.2 ?? AV_PIX_FMT_NONE
  }

  /// The layout of a stream; `nil` when it is not plain YUV of 8 or 10 bits.
  init?(_ parameters: AVCodecParameters) {
    let format = AVPixelFormat(rawValue: parameters.format)
    let old = Self.oldFullRange.map { ($0.0, 8, $0.1) }
    guard let found = (Self.formats + old).first(where: { $0.2 == format }) else { return nil }
    self.init(
      found.0, siting: Siting(parameters.chroma_location) ?? .left, bitDepth: found.1,
      fullRange: ColorMeaning.isFullRange(parameters.color_range, format))
  }
}

extension ColorInfo {
  init(_ parameters: AVCodecParameters) {
    func name(_ text: UnsafePointer<CChar>?) -> String {
      text.map { String(cString: $0) } ?? "unknown"
    }
    self.init(
      matrix: name(av_color_space_name(parameters.color_space)),
      primaries: name(av_color_primaries_name(parameters.color_primaries)),
      transfer: name(av_color_transfer_name(parameters.color_trc)),
      isFullRange: parameters.color_range == AVCOL_RANGE_UNSPECIFIED
        ? nil : parameters.color_range == AVCOL_RANGE_JPEG,
      isHDR: Self.isHDR(parameters.color_trc))
  }

  static func isHDR(_ transfer: AVColorTransferCharacteristic) -> Bool {
    transfer == AVCOL_TRC_SMPTE2084 || transfer == AVCOL_TRC_ARIB_STD_B67
  }
}
