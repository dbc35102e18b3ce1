"""A linear start: before the first gradient step the network is a linear transform.

Every stream carries a pair of large constants, so that a norm over the tile is nearly a fixed
scale and keeps the clip's contrast. In front of the two norms on the main path signals come with
their negatives, since silu(x) - silu(-x) = x. Encoder: principal components level by level.
Decoder: regressed, level by level, on what the level before gives. Residual branches are
zero; start_branches sets them up, behind norms scaled so that their inputs reach the bend of the
activation."""

import torch
from torch import nn

from model import Pad, Resnet, factors

CONSTANTS = 2


def patches(x, factor):
    """Blocks of `factor` as channels (c, dt, dh, dw); a first frame stands for its whole block."""
    t, s, _ = factor
    if t > 1:
        x = torch.cat([x[:, :, :1]] * (t - 1) + [x], 2)
    b, c, n, h, w = x.shape
    x = x.reshape(b, c, n // t, t, h // s, s, w // s, s).permute(0, 1, 3, 5, 7, 2, 4, 6)
    return x.reshape(b, c * t * s * s, n // t, h // s, w // s)


def principal(x, rank):
    """Orthonormal directions of the largest second moments, and their deviations."""
    x = x.transpose(0, 1).flatten(1).T.double()
    values, vectors = torch.linalg.eigh(x.T @ x / len(x))
    rank = min(rank, len(values))
    return (vectors[:, -rank:].flip(1).T.float(),
            values[-rank:].flip(0).clamp(min=1e-8).sqrt().float())


def constant_channels(conv):
    """The last two channels: a constant that dominates the variance of the stream, and its
    negative, so that the mean stays small."""
    size = 3 * conv.weight.shape[0] ** 0.5
    conv.weight.data[-CONSTANTS:] = 0
    conv.bias.data[-CONSTANTS:] = torch.tensor([-size, size])


def random_start(model):
    """Variance 1/fan_in; nothing reads the constants; residual branches are zero."""
    for name, m in model.named_modules():
        if isinstance(m, (nn.Conv3d, nn.Linear)):
            nn.init.normal_(m.weight, std=m.weight[0].numel() ** -0.5)
            nn.init.zeros_(m.bias)
            if isinstance(m, nn.Conv3d) and "quant" not in name and not name.endswith(
                    ("coder.conv_in.conv",)):
                m.weight.data[:, -CONSTANTS:] = 0
    for m in model.modules():
        if isinstance(m, Resnet):
            for conv in (m.conv1.conv, m.conv2.conv):
                conv.weight.data.zero_()
            constant_channels(m.conv1.conv)


def start_branches(model, crops):
    """Random first convolutions in branches that run and are zero; the second ones stay so, and
    nothing changes yet. Tells whether there were any."""
    norms = []
    for m in model.modules():
        if isinstance(m, Resnet) and not m.idle and not m.conv1.conv.weight.any():
            norms += [m.norm1, m.norm2]
            conv = m.conv1.conv
            nn.init.normal_(conv.weight, std=1.6 * conv.weight[0].numel() ** -0.5)
            conv.weight.data[:, -CONSTANTS:] = 0
            constant_channels(conv)
    if norms:
        x = crops.batch(16, 9, 64).to(next(model.parameters()).device)
        scale_norms(model, norms, x, per_channel=True)
    return bool(norms)


def protect(model):
    """Keeps gradients off the constants: a small step in a weight on a large constant is a large
    step in the output."""
    def mask(rows, columns):
        def hook(grad):
            grad = grad.clone()
            if rows:
                grad[-CONSTANTS:] = 0
            if columns and grad.ndim > 1:
                grad[:, -CONSTANTS:] = 0
            return grad
        return hook

    for name, m in model.named_modules():
        if isinstance(m, nn.Conv3d) and "quant" not in name:
            hook = mask("conv_out" not in name, "coder.conv_in" not in name)
            m.weight.register_hook(hook)
            m.bias.register_hook(hook)


@torch.no_grad()
def scale_norms(model, norms, x, per_channel):
    """Runs clips x; `norms` then give every channel about unit deviation, or the stream itself."""

    def measure(m, args):
        stream = args[0].transpose(0, 1).flatten(1)
        m.weight.data.fill_(stream.std())
        if per_channel:
            std = stream.std(1)
            m.weight.data /= std.clamp(min=0.1 * std[:-CONSTANTS].max())
            m.weight.data[-CONSTANTS:] = 0

    hooks = [norm.register_forward_pre_hook(measure) for norm in norms]
    model.decode(model.moments(x)[0])
    for h in hooks:
        h.remove()


def block_taps(conv, matrix, factor):
    """Rows of `matrix` on blocks as the first outputs of a strided convolution."""
    t, s, _ = factor
    m = len(matrix)
    conv.weight.data[:m] = 0
    taps = matrix.reshape(m, -1, t, s, s)
    conv.weight.data[:m, :taps.shape[1], -t:, -s:, -s:] = taps
    constant_channels(conv)


def keep_taps(conv, time, space):
    """Leaves nothing outside of these taps: what Encoder.stem() knows."""
    kept = torch.zeros_like(conv.weight.data)
    kept[..., time, space, space] = conv.weight.data[..., time, space, space]
    conv.weight.data = kept


def start_shortcut(shortcut, count):
    """The first `count` channels pass; the rest are mixtures for the branches."""
    conv = shortcut.conv
    count = min(count, len(conv.weight) - CONSTANTS)
    conv.weight.data *= 0.3
    conv.weight.data[:count] = 0
    conv.weight.data[range(count), range(count)] = 1
    constant_channels(conv)


def mirror_shortcut(shortcut, count):
    """The first `count` channels and their negatives; nothing else, as the mean must stay zero:
    a norm that shifts a pair changes its scale."""
    conv = shortcut.conv
    conv.weight.data.zero_()
    conv.weight.data[range(count), range(count)] = 1
    conv.weight.data[range(count, 2 * count), range(count)] = -1
    constant_channels(conv)


def mirror_out(conv, matrix):
    """`matrix` of the signals in front of mirror_shortcut's pairs, as a convolution's centre."""
    conv.weight.data.zero_()
    m, count = matrix.shape
    conv.weight.data[:m, :count, -1, 1, 1] = matrix
    conv.weight.data[:m, count:2 * count, -1, 1, 1] = -matrix


@torch.no_grad()
def start_encoder(model, x):
    """Hierarchical principal components; latents of mean 0 and deviation 1."""
    enc, z = model.encoder, model.config["latent_channels"]
    conv = enc.conv_in.conv
    conv.weight.data[:3] = 0
    conv.weight.data[range(3), range(3), -1, 1, 1] = 1
    constant_channels(conv)
    keep_taps(conv, slice(2, 3), slice(1, 2))
    scale = torch.ones(3)
    for i, (block, factor) in enumerate(zip(enc.down_blocks, factors(model.config))):
        first, n = block.resnets[0], len(scale)
        if len(block.downsamplers):
            if hasattr(first, "conv_shortcut"):
                start_shortcut(first.conv_shortcut, n)
            conv = block.downsamplers[0].conv.conv
            x = patches(x, factor)
            directions, std = principal(x, len(conv.weight) - CONSTANTS)
            x = torch.einsum("oc,bcthw->bothw", directions, x)
            taps = directions.reshape(len(directions), n, -1) / scale[:, None]
            scale = (0.6 / std).clamp(max=1)
            block_taps(conv, scale[:, None] * taps.flatten(1), factor)
            if i < 2:
                keep_taps(conv, slice(-factor[0], None), slice(-factor[1], None))
    count = (enc.conv_norm_out.num_channels - CONSTANTS) // 2
    mirror_shortcut(first.conv_shortcut, count)
    x = x[:, :z]
    mean, std = x.mean((0, 2, 3, 4)), x.std((0, 2, 3, 4))
    mirror_out(enc.conv_out.conv, torch.eye(z, count) / (scale[:z] * std)[:, None])
    enc.conv_out.conv.bias.data[:z] = -mean / std
    enc.conv_out.conv.bias.data[z:] = -9
    for quant in (model.quant_conv, model.post_quant_conv):
        quant.weight.data.zero_()
        quant.weight.data[range(len(quant.weight)), range(len(quant.weight))] = 1
    return (x - mean[:, None, None, None]) / std[:, None, None, None]


def regress(conv, x, target, count, ridge=2e-4, limit=25000):
    """Least squares for the first `count` outputs of a 3x3x3 convolution, from samples."""
    width = x.shape[1]
    padded = Pad.apply(x, 2)
    n, t, h, w = (torch.randint(k, (limit,)) for k in (x.shape[0], *x.shape[2:]))
    taps = [padded[n, :, t + i, h + j, w + k] for i in range(3) for j in range(3) for k in range(3)]
    a = torch.cat([torch.stack(taps, 2).flatten(1), torch.ones(limit, 1)], 1)
    b = target[n, :count, t, h, w]
    gram = a.T @ a
    gram += ridge * gram.diagonal().mean() * torch.eye(len(gram))
    w = torch.linalg.solve(gram, a.T @ b).T
    conv.weight.data[:count] = 0
    conv.weight.data[:count, :width] = w[:, :-1].reshape(count, width, 3, 3, 3)
    conv.bias.data[:count] = w[:, -1]


def repeat(x, factor):
    t, s, _ = factor
    x = x.repeat_interleave(s, 3).repeat_interleave(s, 4)
    return torch.cat([x[:, :, :1], x[:, :, 1:].repeat_interleave(t, 2)], 2)


def decoder_targets(model, x):
    """What the decoder's levels should give, deepest first: blocks in principal coordinates."""
    widths = model.config["block_out_channels"]
    targets = [x]
    for width, factor in zip(widths[1:3], factors(model.config)[2:0:-1]):
        y = patches(targets[0], factor)
        y = y / (y.shape[1] / targets[0].shape[1]) ** 0.5
        directions, _ = principal(y, width - CONSTANTS)
        targets.insert(0, torch.einsum("oc,bcthw->bothw", directions, y))
    return targets


def start_conv_in(conv):
    """Latents beside those of their neighbours, so that the first upsampling can interpolate."""
    z = conv.weight.shape[1]
    taps = [(2, 1, 1), (2, 0, 1), (2, 2, 1), (2, 1, 0), (2, 1, 2)]
    taps = taps[:(len(conv.weight) - CONSTANTS) // z]
    for i, (t, h, w) in enumerate(taps):
        conv.weight.data[i * z:(i + 1) * z] = 0
        conv.weight.data[range(i * z, (i + 1) * z), range(z), t, h, w] = 1
    constant_channels(conv)
    return z * len(taps)


@torch.no_grad()
def start_decoder(model, latent, x):
    dec = model.decoder
    count = start_conv_in(dec.conv_in.conv)
    stream = dec.conv_in(latent)
    for i, target in enumerate(decoder_targets(model, x)):
        block = dec.up_blocks[i]
        shortcut, sampler = getattr(block.resnets[0], "conv_shortcut", None), block.upsamplers[0]
        if shortcut:
            start_shortcut(shortcut, count)
            stream = shortcut(stream)
        signal = repeat(stream, sampler.factor)[:, :count]
        count = target.shape[1]
        regress(sampler.conv.conv, signal, target, count)
        constant_channels(sampler.conv.conv)
        stream = sampler(stream)
        error = (stream[:, :count] - target).square().mean() / target.square().mean()
        print(f"start: decoder level {i}, error {error:.4f}", flush=True)
    mirror_shortcut(dec.up_blocks[-1].resnets[0].conv_shortcut, 3)
    mirror_out(dec.conv_out.conv, torch.eye(3))


def linear_start(model, crops, count=200, side=64):
    torch.manual_seed(0)
    random_start(model)
    x = torch.cat([crops.batch(1, 17, side) for _ in range(count)])
    latent = start_encoder(model, x)
    start_decoder(model, latent, x)
    main = [model.encoder.conv_norm_out, model.decoder.conv_norm_out]
    scale_norms(model, main, x[:16], per_channel=False)
