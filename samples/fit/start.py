"""A linear start: before any gradient step the network is close to a block transform.

Every stream carries two large constant channels, so that a norm over the tile is nearly a fixed
affine map and keeps the contrast of the clip; a channel of zeros gives the norm's
offset. The encoder's shortcuts and stride convolutions are
a hierarchical principal component transform; the decoder's are regressed, level by level, on
what the level before really gives."""

import time

import torch
import torch.nn.functional as F
from torch import nn

from model import Resnet, factors


def patches(x, factor):
    """Blocks of `factor` as channels (c, dt, dh, dw); a first frame stands for its whole block."""
    t, s, _ = factor
    if t > 1:
        x = torch.cat([x[:, :, :1]] * (t - 1) + [x], 2)
    b, c, n, h, w = x.shape
    x = x.reshape(b, c, n // t, t, h // s, s, w // s, s).permute(0, 1, 3, 5, 7, 2, 4, 6)
    return x.reshape(b, c * t * s * s, n // t, h // s, w // s)


def rows(x):
    return x.transpose(0, 1).flatten(1).T.double()


def principal(x, rank):
    """Orthonormal directions of the largest second moments, and their deviations."""
    x = rows(x)
    values, vectors = torch.linalg.eigh(x.T @ x / len(x))
    rank = min(rank, len(values))
    return (vectors[:, -rank:].flip(1).T.float(),
            values[-rank:].flip(0).clamp(min=1e-8).sqrt().float())


def random_start(model):
    """Variance 1/fan_in, residual branches small."""
    for name, m in model.named_modules():
        if isinstance(m, (nn.Conv3d, nn.Linear)):
            nn.init.normal_(m.weight, std=m.weight[0].numel() ** -0.5)
            nn.init.zeros_(m.bias)
            if m.weight.shape[1] > 3:
                m.weight.data[:, -3:] = 0  # the constant channels move nothing yet
        if isinstance(m, Resnet):
            m.conv2.conv.weight.data *= 0.02


def constant_channels(conv):
    """The last channel a constant that dominates the variance of the stream, the one before
    zero, the one before that the constant's negative, so that the mean stays small."""
    size = 4 * conv.weight.shape[0] ** 0.5
    conv.weight.data[-3:] = 0
    conv.bias.data[-3:] = torch.tensor([-size, 0, size])


def protect(model):
    """Keeps gradients off the constant channels: a small step in a weight on a large constant is
    a large step in the output."""
    def mask(rows, columns):
        def hook(grad):
            grad = grad.clone()
            if rows:
                grad[-3:] = 0
            if columns and grad.ndim > 1:
                grad[:, -3:] = 0
            return grad
        return hook

    for name, m in model.named_modules():
        if isinstance(m, nn.Conv3d) and "quant" not in name:
            hook = mask("conv_out" not in name, "conv_in" not in name)
            m.weight.register_hook(hook)
            m.bias.register_hook(hook)


def fold_out(norm, conv, kernel, bias, stream):
    """norm, SiLU and conv together apply `kernel` to the stream: SiLU works near its asymptote."""
    lift = torch.tensor(4.0)
    gate = torch.sigmoid(lift)
    norm.weight.data.fill_(stream.std())
    norm.bias.data.fill_(stream.mean() + lift)
    slope = gate * (1 + lift * (1 - gate))
    conv.weight.data.zero_()
    out, width = kernel.shape[:2]
    conv.weight.data[:out, :width] = kernel / slope
    conv.weight.data[:out, -2] = -kernel.sum(1) / slope
    conv.bias.data[:out] = bias


@torch.no_grad()
def start_encoder(model, x):
    """Returns the latents of x under the linear path."""
    enc = model.encoder
    conv = enc.conv_in.conv
    conv.weight.data *= 0.1
    conv.weight.data[:3] = 0
    for i in range(3):
        conv.weight.data[i, i, -1, 1, 1] = 1
    constant_channels(conv)
    scale = torch.ones(3)
    for block, factor in zip(enc.down_blocks, factors(model.config)):
        first, n = block.resnets[0], len(scale)
        if hasattr(first, "conv_shortcut"):
            short = first.conv_shortcut.conv
            short.weight.data *= 0.1
            short.weight.data[:n] = 0
            short.weight.data[range(n), range(n)] = 1
            constant_channels(short)
        if not len(block.downsamplers):
            continue
        conv = block.downsamplers[0].conv.conv
        x = patches(x, factor)
        directions, std = principal(x, conv.weight.shape[0] - 3)
        x = torch.einsum("oc,bcthw->bothw", directions, x)
        t, s, _ = factor
        taps = (directions.reshape(-1, n, t, s, s) / scale[:, None, None, None])
        scale = (0.6 / std).clamp(max=1)
        m = len(scale)
        conv.weight.data *= 0.1
        conv.weight.data[:m] = 0
        conv.weight.data[:m, :n, -t:, -s:, -s:] = taps * scale[:, None, None, None, None]
        constant_channels(conv)
    directions, _ = principal(x, model.config["latent_channels"])
    kernel = torch.zeros(*directions.shape, 3, 3, 3)
    kernel[..., -1, 1, 1] = directions / scale
    stream = torch.zeros(len(x), enc.conv_norm_out.num_channels, *x.shape[2:])
    stream[:, :len(scale)] = x * scale[:, None, None, None]
    stream[:, -3:] = short.bias.data[-3:, None, None, None]
    for quant in (model.quant_conv, model.post_quant_conv):
        quant.weight.data.zero_()
        quant.weight.data[range(len(quant.weight)), range(len(quant.weight))] = 1
    return stream, kernel


def analyse(kernel, bias, stream):
    """Latents of the linear path."""
    x = F.pad(stream[:, :kernel.shape[1]], (1, 1, 1, 1, 2, 0), mode="replicate")
    return F.conv3d(x, kernel, bias)


def standard(kernel, stream):
    """The kernel scaled, and the bias, that give latents of mean 0 and deviation 1."""
    latent = analyse(kernel, None, stream)
    std = latent.std((0, 2, 3, 4))
    return kernel / std[:, None, None, None, None], -latent.mean((0, 2, 3, 4)) / std


def refine(model, stream, kernel, bias, target, minutes, batch=8):
    """Encoder's last and decoder's first convolutions, jointly, on the decoder's first target:
    a lapped transform in place of the block transform. Returns the encoder's kernel and bias."""
    dec, level = model.decoder, model.decoder.up_blocks[0].upsamplers[0]
    kernel, bias = kernel.clone().requires_grad_(), bias.clone().requires_grad_()
    parameters = [kernel, bias, *dec.conv_in.parameters(), *level.parameters()]
    optimizer = torch.optim.Adam(parameters, betas=(0.9, 0.98))
    begin, step, errors = time.process_time(), 0, []
    while (done := (time.process_time() - begin) / 60 / minutes) < 1:
        optimizer.param_groups[0]["lr"] = 4e-4 * min(1, (step + 1) / 30) * (1 - done)
        pick = torch.randint(len(stream), (batch,))
        latent = analyse(kernel, bias, stream[pick])
        output = level(dec.conv_in(latent))[:, :target.shape[1]]
        error = (output - target[pick]).square().mean()
        optimizer.zero_grad()
        error.backward()
        optimizer.step()
        errors.append(error.item())
        step += 1
        if step % 50 == 0:
            mean = sum(errors[-50:]) / 50 / target.square().mean().item()
            print(f"start: step {step}, error {mean:.4f}", flush=True)
    return kernel.detach(), bias.detach()


def regress(conv, x, target, count, ridge=2e-4, limit=25000):
    """Least squares for the first `count` outputs of a 3x3x3 convolution, from samples."""
    width = x.shape[1]
    padded = F.pad(x, (1, 1, 1, 1, 2, 0), mode="replicate")
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
    for i, factor in ((1, factors(model.config)[2]), (2, factors(model.config)[1])):
        y = patches(targets[0], factor)
        y = y / (y.shape[1] / targets[0].shape[1]) ** 0.5
        directions, _ = principal(y, widths[i] - 3)
        targets.insert(0, torch.einsum("oc,bcthw->bothw", directions, y))
    return targets


@torch.no_grad()
def start_level(model, i, stream, count, target):
    """Regresses up level i on its input, whose first `count` channels are signal."""
    block = model.decoder.up_blocks[i]
    first, sampler = block.resnets[0], block.upsamplers[0]
    if hasattr(first, "conv_shortcut"):
        stream = start_shortcut(first.conv_shortcut, stream, count)
    conv = sampler.conv.conv
    conv.weight.data *= 0.1
    regress(conv, repeat(stream, sampler.factor)[:, :count], target, target.shape[1])
    constant_channels(conv)
    stream = sampler(stream)
    error = (stream[:, :target.shape[1]] - target).square().mean() / target.square().mean()
    print(f"start: decoder level {i}, error {error:.4f}", flush=True)
    return stream


def start_shortcut(shortcut, stream, count):
    short = shortcut.conv
    short.weight.data *= 0.1
    short.weight.data[:count] = 0
    short.weight.data[range(count), range(count)] = 1
    constant_channels(short)
    return shortcut(stream)


def start_conv_in(conv):
    """Latents beside those of their neighbours, so that the first upsampling can interpolate."""
    z = conv.weight.shape[1]
    taps = [(2, 1, 1), (2, 0, 1), (2, 2, 1), (2, 1, 0), (2, 1, 2)]
    taps = taps[:(len(conv.weight) - 3) // z]
    for i, (t, h, w) in enumerate(taps):
        conv.weight.data[i * z:(i + 1) * z] = 0
        conv.weight.data[range(i * z, (i + 1) * z), range(z), t, h, w] = 1
    constant_channels(conv)
    return z * len(taps)


def linear_start(model, crops, minutes=3.0, count=200, side=64):
    """`minutes` of processor time go to `refine`. The model must be protected."""
    torch.manual_seed(0)
    random_start(model)
    for m in model.modules():
        if isinstance(m, Resnet):
            constant_channels(m.conv1.conv)
    x = torch.cat([crops.batch(1, 17, side) for _ in range(count)])
    enc, dec = model.encoder, model.decoder
    stream, kernel = start_encoder(model, x)
    targets = decoder_targets(model, x)
    known = start_conv_in(dec.conv_in.conv)
    with torch.no_grad():
        kernel, bias = standard(kernel, stream)
        inner = dec.conv_in(analyse(kernel, bias, stream))
    start_level(model, 0, inner, known, targets[0])
    kernel, bias = refine(model, stream, kernel, bias, targets[0], minutes)
    with torch.no_grad():
        latent = analyse(kernel, bias, stream)
        fold_out(enc.conv_norm_out, enc.conv_out.conv, kernel, bias, stream)
        enc.conv_out.conv.bias.data[len(bias):] = -9
        inner = dec.up_blocks[0].upsamplers[0](dec.conv_in(latent))
        for i in (1, 2):
            inner = start_level(model, i, inner, targets[i - 1].shape[1], targets[i])
        inner = start_shortcut(dec.up_blocks[3].resnets[0].conv_shortcut, inner, 3)
        identity = torch.zeros(3, 3, 3, 3, 3)
        identity[range(3), range(3), -1, 1, 1] = 1
        fold_out(dec.conv_norm_out, dec.conv_out.conv, identity, torch.zeros(3), inner)
