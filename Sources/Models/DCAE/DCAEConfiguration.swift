/// Sizes of a Video DC-AE; the defaults are those of `dc-ae-f32t4c128`.
struct DCAEConfiguration: Hashable, Sendable {
  enum BlockKind: String, Hashable, Sendable {
    case residual = "ResBlock"
    case efficientViT = "EViT_GLU"
    case efficientViTTwoScales = "EViTS5_GLU"
  }

  /// One half of the model; levels run from the pixels to the latents in both.
  struct Half: Hashable, Sendable {
    let widths: [Int]
    let depths: [Int]
    let blocks: [BlockKind]
    let compressesTime: [Bool]

    init(
      _ settings: inout SettingsReader, depths defaultDepths: [Int], time timeKey: String
    ) throws {
      widths = try settings.integers(
        "width_list", or: [128, 256, 512, 512, 1024, 1024], in: 1...8192)
      depths = try settings.integers("depth_list", or: defaultDepths, in: 1...256)
      let names = try settings.words(
        "block_type",
        or: Array(repeating: "ResBlock", count: 3) + Array(repeating: "EViTS5_GLU", count: 3),
        count: widths.count)
      compressesTime = try settings.flags(
        timeKey, or: [false, false, false, true, true, false])
      guard let blocks = names.allMapped(BlockKind.init) else {
        throw ModelError(
          "configuration: block_type \(names) is not supported; "
            + "only ResBlock, EViT_GLU and EViTS5_GLU")
      }
      self.blocks = blocks
      try settings.require("norm", "rms3d")
      try settings.require("act", "silu")
      try settings.require("out_norm", "rms3d")
      try settings.require("out_act", "relu")
      try settings.require("downsample_block_type", "Conv")
      try settings.require("upsample_block_type", "InterpolateConv")
    }
  }

  let inChannels: Int
  let latentChannels: Int
  let encoder: Half
  let decoder: Half
  let scalingFactor: Double
  let tiles: TileDefaults

  var timeCompressionRatio: Int { 1 << encoder.compressesTime.count { $0 } }
  var spatialCompressionRatio: Int { 1 << (encoder.widths.count - 1) }

  init(_ settings: inout SettingsReader) throws {
    try settings.require("model_name", "dc-ae-f32t4c128")
    inChannels = try settings.integer("in_channels", or: 3, in: 1...64)
    latentChannels = try settings.integer("latent_channels", or: 128, in: 1...4096)
    encoder = try settings.section("encoder") {
      try Half(&$0, depths: [2, 2, 2, 3, 3, 3], time: "temporal_downsample")
    }
    decoder = try settings.section("decoder") {
      try Half(&$0, depths: [3, 3, 3, 3, 3, 3], time: "temporal_upsample")
    }
    scalingFactor = try settings.number("scaling_factor", or: 1)
    tiles = TileDefaults(
      spatial: try settings.flag("use_spatial_tiling", or: true),
      temporal: try settings.flag("use_temporal_tiling", or: true),
      size: try settings.integer("spatial_tile_size", or: 256, in: 1...1 << 20),
      frames: try settings.integer("temporal_tile_size", or: 32, in: 1...1 << 20),
      overlap: try settings.number("tile_overlap_factor", or: 0.25))
    try checkScale(scalingFactor)
    try validate()
    let ratios = (timeCompressionRatio, spatialCompressionRatio)
    guard try settings.integer("time_compression_ratio", or: ratios.0, in: 1...1024) == ratios.0,
      try settings.integer("spatial_compression_ratio", or: ratios.1, in: 1...1024) == ratios.1
    else {
      throw ModelError(
        "configuration: the levels compress time \(ratios.0) and space \(ratios.1) times, "
          + "which time_compression_ratio and spatial_compression_ratio deny")
    }
  }

  private func validate() throws {
    for half in [encoder, decoder] {
      let levels = half.widths.count
      guard levels > 1, half.depths.count == levels, half.blocks.count == levels,
        half.compressesTime.count == levels, half.compressesTime.last == false
      else {
        throw ModelError(
          "configuration: width_list, depth_list, block_type and the temporal list must be of one "
            + "length, two or more, and the last level compresses nothing")
      }
      for (width, kind) in zip(half.widths, half.blocks)
      where kind != .residual && width % LiteMLA.headWidth != 0 {
        throw ModelError(
          "configuration: \(kind.rawValue) of width \(width) must be a multiple of "
            + "\(LiteMLA.headWidth)")
      }
    }
    guard encoder.widths.count == decoder.widths.count,
      encoder.compressesTime.count(where: { $0 }) == decoder.compressesTime.count(where: { $0 })
    else {
      throw ModelError("configuration: encoder and decoder must compress equally")
    }
    try validateShortcuts()
  }

  /// Shortcuts move whole channels: numbers must divide.
  private func validateShortcuts() throws {
    func check(_ deep: Int, _ shallow: Int, _ place: String) throws {
      guard deep % shallow == 0 else {
        throw ModelError(
          "configuration: the shortcut of \(place) cannot map \(deep) channels to \(shallow); "
            + "one must be a multiple of the other")
      }
    }
    for i in 0..<encoder.widths.count - 1 {
      // A single frame takes the spatial shortcut alone: 2×2 pixels at levels that compress time too.
      try check(4 * encoder.widths[i], encoder.widths[i + 1], "encoder level \(i)")
      try check(4 * decoder.widths[i], decoder.widths[i + 1], "decoder level \(i)")
    }
    try check(encoder.widths[encoder.widths.count - 1], latentChannels, "encoder.project_out")
    try check(decoder.widths[decoder.widths.count - 1], latentChannels, "decoder.project_in")
  }
}
