import Checkpoint
import NN

// Flux's `autoencoder.py` (a latent-diffusion autoencoder), with the names of its checkpoints.

extension KLAutoencoder {
  init(_ s: WeightScope, _ configuration: Flux2DConfiguration) {
    let z = configuration.zChannels
    func pointwise(_ s: WeightScope, channels: Int) -> Convolution {
      configuration.style.convolution(s, in: channels, out: channels, kernel: 1)
    }
    encoder = KLEncoder(s["encoder"], configuration)
    quantConv =
      configuration.useQuantConv ? pointwise(s["quant_conv"], channels: 2 * z) : nil
    postQuantConv =
      configuration.usePostQuantConv ? pointwise(s["post_quant_conv"], channels: z) : nil
    decoder = KLDecoder(s["decoder"], configuration)
  }
}

extension KLEncoder {
  init(_ s: WeightScope, _ configuration: Flux2DConfiguration) {
    let style = configuration.style
    let widths = configuration.widths
    convIn = style.convolution(
      s["conv_in"], in: configuration.inChannels, out: configuration.ch, kernel: 3)
    down = widths.indices.map { i in
      let s = s["down"]["\(i)"]
      return DownLevel(
        blocks: .chain(
          s["block"], count: configuration.numResBlocks,
          in: i == 0 ? configuration.ch : widths[i - 1], out: widths[i], shortcut: "nin_shortcut",
          style),
        downsample: i == widths.count - 1
          ? nil
          : style.convolution(
            s["downsample"]["conv"], in: widths[i], out: widths[i], kernel: 3, stride: (1, 2, 2),
            padding: .zerosAfter))
    }
    mid = MidBlock(s["mid"], configuration)
    normOut = style.norm(s["norm_out"], channels: configuration.deepestWidth)
    convOut = style.convolution(
      s["conv_out"], in: configuration.deepestWidth, out: 2 * configuration.zChannels, kernel: 3)
  }
}

extension KLDecoder {
  init(_ s: WeightScope, _ configuration: Flux2DConfiguration) {
    let style = configuration.style
    let widths = configuration.widths
    convIn = style.convolution(
      s["conv_in"], in: configuration.zChannels, out: configuration.deepestWidth, kernel: 3)
    mid = MidBlock(s["mid"], configuration)
    up = widths.indices.reversed().map { i in
      let s = s["up"]["\(i)"]
      return UpLevel(
        blocks: .chain(
          s["block"], count: configuration.numResBlocks + 1,
          in: widths[min(i + 1, widths.count - 1)], out: widths[i], shortcut: "nin_shortcut",
          style),
        upsample: i == 0
          ? nil
          : style.convolution(
            s["upsample"]["conv"], in: widths[i], out: widths[i], kernel: 3),
        upsampling: .nearest(time: .none, space: true))
    }
    normOut = style.norm(s["norm_out"], channels: widths[0])
    convOut = style.convolution(
      s["conv_out"], in: widths[0], out: configuration.outChannels, kernel: 3)
  }
}

extension MidBlock {
  fileprivate init(_ s: WeightScope, _ configuration: Flux2DConfiguration) {
    let (style, width) = (configuration.style, configuration.deepestWidth)
    first = ResidualBlock(s["block_1"], in: width, out: width, shortcut: "nin_shortcut", style)
    attention =
      configuration.midBlockAddAttention ? style.attention(s["attn_1"], channels: width) : nil
    second = ResidualBlock(s["block_2"], in: width, out: width, shortcut: "nin_shortcut", style)
  }
}
