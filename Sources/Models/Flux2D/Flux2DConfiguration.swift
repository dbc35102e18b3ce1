/// Sizes of a per-frame autoencoder of the latent-diffusion kind; the defaults are Flux's.
struct Flux2DConfiguration: Hashable, Sendable {
  let inChannels: Int
  let outChannels: Int
  let zChannels: Int
  /// Channels of the first convolution.
  let ch: Int
  /// Channels of each level, the one next to the pixels first.
  let widths: [Int]
  let numResBlocks: Int
  let normNumGroups: Int
  let midBlockAddAttention: Bool
  let useQuantConv: Bool
  let usePostQuantConv: Bool
  let scaleFactor: Double
  let shiftFactor: Double

  var style: LayerStyle { LayerStyle(isCausal: false, groups: normNumGroups) }
  var deepestWidth: Int { widths[widths.count - 1] }

  init(_ settings: inout SettingsReader) throws {
    inChannels = try settings.integer("in_channels", or: 3, in: 1...64)
    outChannels = try settings.integer("out_ch", or: inChannels, in: 1...64)
    zChannels = try settings.integer("z_channels", or: 16, in: 1...4096)
    ch = try settings.integer("ch", or: 128, in: 1...8192)
    widths = try settings.integers("ch_mult", or: [1, 2, 4, 4], in: 1...64).map { [ch] in ch * $0 }
    numResBlocks = try settings.integer("num_res_blocks", or: 2, in: 1...64)
    normNumGroups = try settings.integer("norm_num_groups", or: 32, in: 1...8192)
    midBlockAddAttention = try settings.flag("mid_block_add_attention", or: true)
    useQuantConv = try settings.flag("use_quant_conv", or: false)
    usePostQuantConv = try settings.flag("use_post_quant_conv", or: false)
    scaleFactor = try settings.number("scale_factor", or: 0.3611)
    shiftFactor = try settings.number("shift_factor", or: 0.1159)
    try settings.require("act_fn", "silu")
    try settings.require("down_block_types", "DownEncoderBlock2D")
    try settings.require("up_block_types", "UpDecoderBlock2D")
    try checkGroups(normNumGroups, widths: [ch] + widths)
    try checkScale(scaleFactor, shift: shiftFactor)
  }
}
