import Checkpoint
import NN

// AutoencoderKLCausal3D: HunyuanVideo's `autoencoder_kl_causal_3d.py` and `unet_causal_3d_blocks.py`,
// with the names of its checkpoints.

extension KLAutoencoder {
  init(_ s: WeightScope, _ configuration: Causal3DConfiguration) {
    let z = configuration.latentChannels
    func pointwise(_ s: WeightScope, channels: Int) -> Convolution {
      Convolution(s, in: channels, out: channels, kernel: (1, 1, 1), padding: .zeros)
    }
    encoder = KLEncoder(s["encoder"], configuration)
    quantConv = pointwise(s["quant_conv"], channels: 2 * z)
    postQuantConv = pointwise(s["post_quant_conv"], channels: z)
    decoder = KLDecoder(s["decoder"], configuration)
  }
}

extension KLEncoder {
  init(_ s: WeightScope, _ configuration: Causal3DConfiguration) {
    let style = configuration.style
    let widths = configuration.blockOutChannels
    convIn = style.convolution(
      s["conv_in"], in: configuration.inChannels, out: widths[0], kernel: 3)
    down = widths.indices.map { i in
      let s = s["down_blocks"]["\(i)"]
      let axes = configuration.compressedAxes(level: i)
      return DownLevel(
        blocks: .chain(
          s["resnets"], count: configuration.layersPerBlock, in: widths[max(0, i - 1)],
          out: widths[i], shortcut: "conv_shortcut", style),
        downsample: !axes.any
          ? nil
          : style.convolution(
            s["downsamplers"]["0"]["conv"], in: widths[i], out: widths[i], kernel: 3,
            stride: (axes.time ? 2 : 1, axes.space ? 2 : 1, axes.space ? 2 : 1)))
    }
    mid = MidBlock(s["mid_block"], configuration)
    normOut = style.norm(s["conv_norm_out"], channels: configuration.deepestWidth)
    convOut = style.convolution(
      s["conv_out"], in: configuration.deepestWidth, out: 2 * configuration.latentChannels,
      kernel: 3)
  }
}

extension KLDecoder {
  init(_ s: WeightScope, _ configuration: Causal3DConfiguration) {
    let style = configuration.style
    let widths = Array(configuration.blockOutChannels.reversed())
    convIn = style.convolution(
      s["conv_in"], in: configuration.latentChannels, out: widths[0], kernel: 3)
    mid = MidBlock(s["mid_block"], configuration)
    up = widths.indices.map { i in
      let s = s["up_blocks"]["\(i)"]
      // The encoder's rule, counted from the deepest level: no mirror image of the encoder.
      let axes = configuration.compressedAxes(level: i)
      return UpLevel(
        blocks: .chain(
          s["resnets"], count: configuration.layersPerBlock + 1, in: widths[max(0, i - 1)],
          out: widths[i], shortcut: "conv_shortcut", style),
        upsample: !axes.any
          ? nil
          : style.convolution(
            s["upsamplers"]["0"]["conv"], in: widths[i], out: widths[i], kernel: 3),
        upsampling: .nearest(time: axes.time ? .causal : .none, space: axes.space))
    }
    normOut = style.norm(s["conv_norm_out"], channels: widths[widths.count - 1])
    convOut = style.convolution(
      s["conv_out"], in: widths[widths.count - 1], out: configuration.outChannels, kernel: 3)
  }
}

extension MidBlock {
  fileprivate init(_ s: WeightScope, _ configuration: Causal3DConfiguration) {
    let (style, width) = (configuration.style, configuration.deepestWidth)
    let blocks = [ResidualBlock].chain(
      s["resnets"], count: 2, in: width, out: width, shortcut: "conv_shortcut", style)
    first = blocks[0]
    attention =
      configuration.midBlockAddAttention
      ? style.attention(s["attentions"]["0"], channels: width) : nil
    second = blocks[1]
  }
}
