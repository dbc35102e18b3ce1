#!/usr/bin/env python3
"""Writes layers.safetensors: inputs, weights and results of single layers, computed by PyTorch.

Names are CASE/x, CASE/y and CASE/PARAMETER. Needs torch and safetensors. Run in this folder.
"""

import torch
import torch.nn.functional as F
from safetensors.torch import save_file

torch.manual_seed(0)
tensors = {}


def case(name, x, y, **parameters):
    for key, value in dict(parameters, x=x, y=y).items():
        tensors[f"{name}/{key.replace('__', '.')}"] = value.contiguous()


def causal(x, kernel):
    k = kernel // 2
    return F.pad(x, (k, k, k, k, kernel - 1, 0), mode="replicate")


def weights(out, inputs, *kernel, groups=1):
    fan = inputs // groups * torch.tensor(kernel).prod().item()
    return torch.randn(out, inputs // groups, *kernel) / fan**0.5


def causal_block():
    x, w, b = torch.randn(1, 8, 3, 6, 7), weights(8, 8, 3, 3, 3), torch.randn(8)
    nw, nb = torch.randn(8), torch.randn(8)
    y = F.conv3d(causal(F.silu(F.group_norm(x, 4, nw, nb, 1e-6)), 3), w, b) + x
    case("causal_block", x[0], y[0], conv__weight=w, conv__bias=b, norm__weight=nw, norm__bias=nb)


def causal_strided():
    x, w, b = torch.randn(1, 4, 5, 9, 8), weights(6, 4, 3, 3, 3), torch.randn(6)
    y = F.conv3d(causal(x, 3), w, b, stride=(2, 2, 2))
    case("causal_strided", x[0], y[0], conv__weight=w, conv__bias=b)


def causal_upsampled():
    x, w, b = torch.randn(1, 6, 3, 4, 5), weights(4, 6, 3, 3, 3), torch.randn(4)
    first = F.interpolate(x[:, :, :1], scale_factor=(1, 2, 2), mode="nearest")
    others = F.interpolate(x[:, :, 1:], scale_factor=(2, 2, 2), mode="nearest")
    y = F.conv3d(causal(torch.cat((first, others), dim=2), 3), w, b)
    case("causal_upsampled", x[0], y[0], conv__weight=w, conv__bias=b)


def image_downsampled():
    x, w, b = torch.randn(3, 4, 6, 8), weights(5, 4, 3, 3), torch.randn(5)
    y = F.conv2d(F.pad(x, (0, 1, 0, 1)), w, b, stride=2)
    case(
        "image_downsampled", x.transpose(0, 1), y.transpose(0, 1), conv__weight=w, conv__bias=b
    )


def zero_padded():
    x, w, b = torch.randn(1, 5, 4, 6, 6), weights(7, 5, 3, 3, 3), torch.randn(7)
    y = F.silu(F.conv3d(x, w, b, stride=(2, 2, 2), padding=1))
    case("zero_padded", x[0], y[0], conv__weight=w, conv__bias=b)


def depthwise():
    x, w = torch.randn(1, 12, 5, 7, 6), weights(12, 12, 5, 5, 5, groups=12)
    y = F.conv3d(x, w, padding=2, groups=12)
    case("depthwise", x[0], y[0], conv__weight=w)


def causal_attention():
    c, (t, h, w) = 16, (3, 4, 5)
    x, nw, nb = torch.randn(1, c, t, h, w), torch.randn(c), torch.randn(c)
    linear = {n: (torch.randn(c, c) / c**0.5, torch.randn(c)) for n in "qkvo"}
    tokens = F.group_norm(x, 4, nw, nb, 1e-6).flatten(2).transpose(1, 2)
    q, k, v = (F.linear(tokens, *linear[n])[:, None] for n in "qkv")
    frame = torch.arange(t * h * w) // (h * w)
    mask = frame[:, None] >= frame[None, :]
    y = F.linear(F.scaled_dot_product_attention(q, k, v, attn_mask=mask)[:, 0], *linear["o"])
    y = x + y.transpose(1, 2).reshape(x.shape)
    names = {"q": "to_q", "k": "to_k", "v": "to_v", "o": "to_out__0"}
    parameters = {f"{names[n]}__weight": linear[n][0] for n in linear}
    parameters.update({f"{names[n]}__bias": linear[n][1] for n in linear})
    case("causal_attention", x[0], y[0], group_norm__weight=nw, group_norm__bias=nb, **parameters)


def linear_attention():
    heads, dim, (t, h, w) = 2, 8, (2, 4, 5)
    x = torch.randn(1, heads * 3 * dim, t, h, w)
    q, k, v = x.reshape(1, heads, 3 * dim, t * h * w).chunk(3, dim=2)
    q, k = F.relu(q), F.relu(k)
    v = F.pad(v, (0, 0, 0, 1), value=1)
    out = (v @ k.transpose(-1, -2)) @ q
    y = (out[:, :, :-1] / (out[:, :, -1:] + 1e-15)).reshape(1, heads * dim, t, h, w)
    case("linear_attention", x[0], y[0])


for make in (
    causal_block,
    causal_strided,
    causal_upsampled,
    image_downsampled,
    zero_padded,
    depthwise,
    causal_attention,
    linear_attention,
):
    make()
save_file(tensors, "layers.safetensors")
