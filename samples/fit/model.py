"""AutoencoderKLCausal3D in PyTorch, with the reference's key names."""

import json
import math

import torch
import torch.nn.functional as F
from torch import nn


class Pad(torch.autograd.Function):
    """Replicates one sample on every side of H and W and `front` frames before T; several times
    as fast on a CPU as F.pad."""

    @staticmethod
    def forward(ctx, x, front):
        ctx.front = front
        b, c, t, h, w = x.shape
        y = x.new_empty((b, c, t + front, h + 2, w + 2))
        y = y.contiguous(memory_format=torch.channels_last_3d)
        y[:, :, front:, 1:-1, 1:-1] = x
        body = y[:, :, front:]
        body[..., 0, 1:-1], body[..., -1, 1:-1] = x[..., 0, :], x[..., -1, :]
        body[..., 0], body[..., -1] = body[..., 1], body[..., -2]
        y[:, :, :front] = y[:, :, front:front + 1]
        return y

    @staticmethod
    def backward(ctx, grad):
        front = ctx.front
        body = grad[:, :, front:]
        body[:, :, 0] += grad[:, :, :front].sum(2)
        body[..., 1] += body[..., 0]
        body[..., -2] += body[..., -1]
        body[..., 1, :] += body[..., 0, :]
        body[..., -2, :] += body[..., -1, :]
        return body[..., 1:-1, 1:-1], None


class Conv(nn.Module):
    """Causal convolution: edges repeated in space, the first frame repeated in front of time."""

    def __init__(self, cin, cout, kernel=3, stride=1):
        super().__init__()
        self.conv = nn.Conv3d(cin, cout, kernel, stride)

    def forward(self, x):
        return self.conv(Pad.apply(x, 2) if self.conv.kernel_size[0] == 3 else x)


class Norm(nn.GroupNorm):
    def __init__(self, channels, config):
        super().__init__(config["norm_num_groups"], channels, eps=1e-6)


class Resnet(nn.Module):
    idle = False  # for cheap early training: the shortcut alone

    def __init__(self, cin, cout, config):
        super().__init__()
        self.norm1, self.conv1 = Norm(cin, config), Conv(cin, cout)
        self.norm2, self.conv2 = Norm(cout, config), Conv(cout, cout)
        if cin != cout:
            self.conv_shortcut = Conv(cin, cout, 1)

    def mix(self):
        """The shortcut for the level before to apply, where it is all there is."""
        short = getattr(self, "conv_shortcut", None)
        return (short.conv.weight, short.conv.bias) if self.idle and short else None

    def forward(self, x, mixed=False):
        """`mixed`: the shortcut has been applied."""
        if self.idle and mixed:
            return x
        short = self.conv_shortcut(x) if hasattr(self, "conv_shortcut") else x
        if self.idle:
            return short
        h = self.conv1(F.silu(self.norm1(x)))
        return short + self.conv2(F.silu(self.norm2(h)))


class Attention(nn.Module):
    """One head; a token sees its own frame and the earlier ones."""

    def __init__(self, width, config):
        super().__init__()
        self.group_norm = Norm(width, config)
        self.to_q, self.to_k, self.to_v = (nn.Linear(width, width) for _ in range(3))
        self.to_out = nn.ModuleList([nn.Linear(width, width)])

    def forward(self, x):
        b, c, t, h, w = x.shape
        y = self.group_norm(x).flatten(2).transpose(1, 2)
        frame = torch.arange(t, device=x.device).repeat_interleave(h * w)
        mask = frame[:, None] >= frame[None, :]
        q, k, v = (f(y)[:, None] for f in (self.to_q, self.to_k, self.to_v))
        y = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)[:, 0]
        return x + self.to_out[0](y).transpose(1, 2).reshape(x.shape)


class Mid(nn.Module):
    def __init__(self, width, config):
        super().__init__()
        self.resnets = nn.ModuleList([Resnet(width, width, config) for _ in range(2)])
        attention = config.get("mid_block_add_attention", True)
        self.attentions = nn.ModuleList([Attention(width, config)] if attention else [])

    def forward(self, x):
        x = self.resnets[0](x)
        for attention in self.attentions:
            x = attention(x)
        return self.resnets[1](x)


# What a three-tap kernel does to samples repeated twice, as two-tap kernels on the samples
# themselves: [phase, tap, original tap]. In space the second phase's taps lie one sample further.
SPACE = torch.tensor([[[1., 0, 0], [0, 1, 1]], [[1, 1, 0], [0, 0, 1]]])
TIME = torch.tensor([[[1., 1, 0], [0, 0, 1]], [[1, 0, 0], [0, 1, 1]]])


class Sampler(nn.Module):
    """The convolution of a level change: strided, or (`up`) on repeated samples, computed here
    as one convolution with a channel for every phase."""

    def __init__(self, width, factor, up):
        super().__init__()
        self.up = up
        self.factor = factor
        self.conv = Conv(width, width, stride=1 if up else factor)

    def forward(self, x, mix=None):
        """`mix`: weight and bias of a 1x1x1 convolution to apply to the result."""
        if not self.up:
            return self.conv(x)
        weight, bias = self.conv.conv.weight, self.conv.conv.bias
        if mix is not None:
            matrix = mix[0].flatten(1)
            weight = torch.einsum("po,ocdhw->pcdhw", matrix, weight)
            bias = matrix @ bias + mix[1]
        space = SPACE.to(x.device)
        time = TIME.to(x.device) if self.factor[0] == 2 else torch.eye(3, device=x.device)[None]
        b, c, t, h, w = x.shape
        p, phases = len(weight), len(time)
        weight = torch.einsum("aid,bjh,ckw,pqdhw->bcapqijk", time, space, space, weight)
        weight = weight.reshape(-1, c, time.shape[1], 2, 2)
        y = F.conv3d(Pad.apply(x, time.shape[1] - 1), weight, bias.repeat(4 * phases))
        y = y.reshape(b, 2, 2, phases, p, t, h + 1, w + 1).permute(0, 5, 3, 6, 1, 7, 2, 4)
        parts = [torch.stack([y[:, :, :, i:i + h, i, j:j + w, j] for j in (0, 1)], 5)
                 for i in (0, 1)]
        y = torch.stack(parts, 4).reshape(b, t * phases, 2 * h, 2 * w, p)
        return y.permute(0, 4, 1, 2, 3)[:, :, phases - 1:]


class Block(nn.Module):
    def __init__(self, cin, cout, layers, factor, up, config):
        super().__init__()
        self.resnets = nn.ModuleList(
            [Resnet(cin if i == 0 else cout, cout, config) for i in range(layers)])
        samplers = nn.ModuleList([Sampler(cout, factor, up)] if max(factor) > 1 else [])
        setattr(self, "upsamplers" if up else "downsamplers", samplers)
        self.samplers = [samplers]

    def forward(self, x, mixed=False, mix=None):
        for resnet in self.resnets:
            x = resnet(x, mixed)
        for sampler in self.samplers[0]:
            x = sampler(x, mix)
        return x


def factors(config):
    """Time and space factors of each level, in the order the levels run."""
    levels = len(config["block_out_channels"])
    space = int(math.log2(config.get("spatial_compression_ratio", 8)))
    ratio = config["time_compression_ratio"]
    result = []
    for i in range(levels):
        s = i < space
        t = s if ratio == 8 else levels - 1 - int(math.log2(ratio)) <= i < levels - 1
        result.append((2 if t else 1, 2 if s else 1, 2 if s else 1))
    return result


class Encoder(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        widths, layers = config["block_out_channels"], config["layers_per_block"]
        self.conv_in = Conv(config["in_channels"], widths[0])
        self.down_blocks = nn.ModuleList(
            [Block(widths[max(i - 1, 0)], w, layers, f, False, config)
             for i, (w, f) in enumerate(zip(widths, factors(config)))])
        self.mid_block = Mid(widths[-1], config)
        self.conv_norm_out = Norm(widths[-1], config)
        self.conv_out = Conv(widths[-1], 2 * config["latent_channels"])

    def stem(self):
        """The levels at and next to full resolution as one kernel over blocks, exact while their
        residual branches are idle and their kernels touch nothing beyond the block."""
        kernel = self.conv_in.conv.weight[:, :, 2:, 1:2, 1:2]
        bias = self.conv_in.conv.bias
        for block, (t, s, _) in zip(self.down_blocks[:2], factors(self.config)):
            for conv in [getattr(r, "conv_shortcut", None) for r in block.resnets] + [
                    block.downsamplers[0].conv]:
                if conv is None:
                    continue
                own = conv.conv.weight[..., -t:, -s:, -s:] if conv.conv.kernel_size[0] == 3 \
                    else conv.conv.weight
                p, _, i, j, k = own.shape
                c, (a, b, d) = kernel.shape[1], kernel.shape[2:]
                kernel = torch.einsum("poijk,ocabd->pciajbkd", own, kernel)
                kernel = kernel.reshape(p, c, i * a, j * b, k * d)
                bias = own.sum((2, 3, 4)) @ bias + conv.conv.bias
        return kernel, bias

    def forward(self, x, collapsed=False):
        """`collapsed`: stem() in place of the first two levels."""
        if collapsed:
            kernel, bias = self.stem()
            x = torch.cat([x[:, :, :1], x], 2)
            x = F.conv3d(x, kernel, bias, stride=kernel.shape[2:])
        else:
            x = self.conv_in(x)
        for block in self.down_blocks[2 if collapsed else 0:]:
            x = block(x)
        return self.conv_out(F.silu(self.conv_norm_out(self.mid_block(x))))


class Decoder(nn.Module):
    def __init__(self, config):
        super().__init__()
        widths, layers = config["block_out_channels"][::-1], config["layers_per_block"] + 1
        self.conv_in = Conv(config["latent_channels"], widths[0])
        self.mid_block = Mid(widths[0], config)
        self.up_blocks = nn.ModuleList(
            [Block(widths[max(i - 1, 0)], w, layers, f, True, config)
             for i, (w, f) in enumerate(zip(widths, factors(config)))])
        self.conv_norm_out = Norm(widths[-1], config)
        self.conv_out = Conv(widths[-1], config["out_channels"])

    def forward(self, z, collapsed=False):
        """`collapsed`: the level at full resolution is a matrix to the three colours, which its
        first channels are; their negatives are the next ones."""
        x, mix = self.mid_block(self.conv_in(z)), None
        for block, after in zip(self.up_blocks, self.up_blocks[1:]):
            mixed, mix = mix is not None, after.resnets[0].mix()
            if collapsed and after is self.up_blocks[-1]:
                weight, bias = mix
                pairs = [(m[:3] - m[3:6]) / 2 for m in (weight, bias)]
                return block(x, mixed, pairs)
            x = block(x, mixed, mix)
        x = self.up_blocks[-1](x, mix is not None)
        return self.conv_out(F.silu(self.conv_norm_out(x)))


class Autoencoder(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        z = config["latent_channels"]
        self.encoder, self.decoder = Encoder(config), Decoder(config)
        self.quant_conv = nn.Conv3d(2 * z, 2 * z, 1)
        self.post_quant_conv = nn.Conv3d(z, z, 1)

    def moments(self, x, collapsed=False):
        mean, logvar = self.quant_conv(self.encoder(x, collapsed)).chunk(2, 1)
        return mean, logvar.clamp(-30, 20)

    def decode(self, latent, collapsed=False):
        return self.decoder(self.post_quant_conv(latent), collapsed)


def load(weights, config_path):
    from safetensors.torch import load_file
    with open(config_path) as f:
        config = json.load(f)
    model = Autoencoder(config)
    model.load_state_dict({k: v.float() for k, v in load_file(weights).items()})
    return model.eval()
