/// Sizes of an AutoencoderKLCausal3D; the defaults are the published model's.
struct Causal3DConfiguration: Hashable, Sendable {
  let inChannels: Int
  let outChannels: Int
  let latentChannels: Int
  let blockOutChannels: [Int]
  let layersPerBlock: Int
  let normNumGroups: Int
  let timeCompressionRatio: Int
  let spatialCompressionRatio: Int
  let midBlockAddAttention: Bool
  let scaleFactor: Double
  let shiftFactor: Double
  let tiles: TileDefaults

  var style: LayerStyle { LayerStyle(isCausal: true, groups: normNumGroups) }
  var deepestWidth: Int { blockOutChannels[blockOutChannels.count - 1] }

  init(_ settings: inout SettingsReader) throws {
    inChannels = try settings.integer("in_channels", or: 3, in: 1...64)
    outChannels = try settings.integer("out_channels", or: inChannels, in: 1...64)
    latentChannels = try settings.integer("latent_channels", or: 16, in: 1...4096)
    blockOutChannels = try settings.integers(
      "block_out_channels", or: [128, 256, 512, 512], in: 1...8192)
    layersPerBlock = try settings.integer("layers_per_block", or: 2, in: 1...64)
    normNumGroups = try settings.integer("norm_num_groups", or: 32, in: 1...8192)
    timeCompressionRatio = try settings.integer("time_compression_ratio", or: 4, in: 4...8)
    spatialCompressionRatio = try settings.integer(
      "spatial_compression_ratio", or: 8, in: 1...1024)
    midBlockAddAttention = try settings.flag("mid_block_add_attention", or: true)
    scaleFactor = try settings.number("scale_factor", or: 0.476986)
    shiftFactor = try settings.number("shift_factor", or: 0)
    tiles = TileDefaults(
      spatial: try settings.flag("use_spatial_tiling", or: true),
      temporal: try settings.flag("use_temporal_tiling", or: true),
      size: try settings.integer("sample_size", or: 256, in: 1...1 << 20),
      frames: try settings.integer("sample_tsize", or: 64, in: 1...1 << 20),
      overlap: try settings.number("tile_overlap_factor", or: 0.25))
    try settings.require("act_fn", "silu")
    try settings.require("down_block_types", "HunyuanVideoDownBlock3D", "DownEncoderBlockCausal3D")
    try settings.require("up_block_types", "HunyuanVideoUpBlock3D", "UpDecoderBlockCausal3D")
    try validate()
  }

  /// Which axes a level halves; counted in the order that the encoder or the decoder runs.
  func compressedAxes(level: Int) -> (time: Bool, space: Bool, any: Bool) {
    Self.compressedAxes(
      level: level, of: blockOutChannels.count, time: timeCompressionRatio,
      space: spatialCompressionRatio)
  }

  static func compressedAxes(
    level: Int, of levels: Int, time timeRatio: Int, space spaceRatio: Int
  ) -> (time: Bool, space: Bool, any: Bool) {
    let space = level < spaceRatio.trailingZeroBitCount
    let time = timeRatio == 8 ? space : (levels - 3..<levels - 1).contains(level)
    return (time, space, time || space)
  }

  private func validate() throws {
    try checkGroups(normNumGroups, widths: blockOutChannels)
    try checkScale(scaleFactor, shift: shiftFactor)
    let levels = blockOutChannels.indices.map(compressedAxes)
    guard timeCompressionRatio.exactLog2 == levels.count(where: \.time),
      spatialCompressionRatio.exactLog2 == levels.count(where: \.space)
    else {
      throw ModelError(
        "configuration: \(blockOutChannels.count) levels cannot compress time "
          + "\(timeCompressionRatio) and space \(spatialCompressionRatio) times; "
          + "four levels do 4 and 8 or 8 and 8")
    }
  }
}

/// Fails unless every norm's channels fall into `groups` equal groups.
func checkGroups(_ groups: Int, widths: [Int]) throws {
  for width in widths where width % groups != 0 {
    throw ModelError(
      "configuration: norm_num_groups \(groups) does not divide \(width) channels; "
        + "give the right one with --config")
  }
}

/// Fails on a scale and shift that cannot be undone in single precision.
func checkScale(_ scale: Double, shift: Double = 0) throws {
  guard Float(scale).isNormal, Float(shift).isFinite else {
    throw ModelError(
      "configuration: scale \(scale) and shift \(shift) must be finite, the scale not 0")
  }
}
