"""The causal 3D model and the Video DC-AE in PyTorch, written from their description, as functions of
a state dict. `python reference.py` checks them against the parity vectors."""

import json
import math
import pathlib
import sys

import torch
import torch.nn.functional as F
from safetensors.torch import load_file

HERE = pathlib.Path(__file__).parent


class Weights:
    """A state dict seen from a name prefix."""

    def __init__(self, tensors, prefix=""):
        self.tensors, self.prefix = tensors, prefix

    def __getitem__(self, name):
        return self.tensors[self.prefix + str(name)].float()

    def get(self, name):
        value = self.tensors.get(self.prefix + name)
        return None if value is None else value.float()

    def at(self, name):
        return Weights(self.tensors, f"{self.prefix}{name}.")

    def has(self, name):
        return any(key.startswith(f"{self.prefix}{name}.") for key in self.tensors)


# Tiles ------------------------------------------------------------------------------------------


def blend(before, tile, axis, extent):
    n = min(before.shape[axis], tile.shape[axis], extent)
    for y in range(n):
        new = tile.select(axis, y)
        new.copy_(before.select(axis, before.shape[axis] - n + y) * (1 - y / n) + new * (y / n))


def spatial(x, run, size, stride, extent, kept):
    if max(x.shape[-2:]) <= size:
        return run(x)
    rows = [
        [run(x[..., i : i + size, j : j + size]) for j in range(0, x.shape[-1], stride)]
        for i in range(0, x.shape[-2], stride)
    ]
    result = []
    for i, row in enumerate(rows):
        for j, tile in enumerate(row):
            if i > 0:
                blend(rows[i - 1][j], tile, -2, extent)
            if j > 0:
                blend(row[j - 1], tile, -1, extent)
        result.append(torch.cat([tile[..., :kept, :kept] for tile in row], -1))
    return torch.cat(result, -2)


def temporal(x, run, size, stride, extent, kept, lead, joins_tail):
    length = x.shape[2]
    if length <= size:
        return run(x)
    bounds = [(i, min(i + size + lead, length)) for i in range(0, length, stride)]
    keeps_all = joins_tail and length - bounds[-1][0] == 1
    if keeps_all:
        bounds.pop()
        bounds[-1] = (bounds[-1][0], length)
    tiles, result = [], []
    for start, end in bounds:
        tile = run(x[:, :, start:end])
        tiles.append(tile[:, :, lead:] if start else tile)
    for i, tile in enumerate(tiles):
        if i > 0:
            blend(tiles[i - 1], tile, 2, extent)
        end = kept + (lead if i == 0 else 0)
        result.append(tile if keeps_all and i == len(tiles) - 1 else tile[:, :, :end])
    return torch.cat(result, 2)


def tiled(x, run, config, sizes, ratios, encodes, lead=0, joins_tail=False):
    """`sizes` and `ratios`: of a tile along time and space."""
    overlap = config.get("tile_overlap_factor", 0.25)

    def cut(size, ratio):
        latents = size // ratio
        here, there = (size, latents) if encodes else (latents, size)
        extent = int(there * overlap)
        return here, int(here * (1 - overlap)), extent, there - extent

    inner = run
    if config.get("use_spatial_tiling", False):
        inner = lambda part: spatial(part, run, *cut(sizes[1], ratios[1]))
    if config.get("use_temporal_tiling", False):
        return temporal(x, inner, *cut(sizes[0], ratios[0]), lead, joins_tail)
    return inner(x)


# Causal 3D --------------------------------------------------------------------------------------


class Causal3D:
    def __init__(self, config, tensors):
        self.c, self.w = config, Weights(tensors)
        self.widths = config["block_out_channels"]
        self.time = config.get("time_compression_ratio", 4)
        self.space = config.get("spatial_compression_ratio", 8)

    def conv(self, x, w, stride=(1, 1, 1)):
        k = w["conv.weight"].shape[-1]
        x = F.pad(x, (k // 2, k // 2, k // 2, k // 2, k - 1, 0), mode="replicate")
        return F.conv3d(x, w["conv.weight"], w["conv.bias"], stride)

    def norm(self, x, w):
        return F.group_norm(x, self.c["norm_num_groups"], w["weight"], w["bias"], 1e-6)

    def resnet(self, x, w):
        h = self.conv(F.silu(self.norm(x, w.at("norm1"))), w.at("conv1"))
        h = self.conv(F.silu(self.norm(h, w.at("norm2"))), w.at("conv2"))
        return h + (self.conv(x, w.at("conv_shortcut")) if w.has("conv_shortcut") else x)

    def attention(self, x, w):
        b, c, t, h, wd = x.shape
        tokens = self.norm(x, w.at("group_norm")).flatten(2).transpose(1, 2)
        q, k, v = (F.linear(tokens, w[f"to_{n}.weight"], w[f"to_{n}.bias"]) for n in "qkv")
        frame = torch.arange(t).repeat_interleave(h * wd)
        out = F.scaled_dot_product_attention(q, k, v, frame[:, None] >= frame[None, :])
        out = F.linear(out, w["to_out.0.weight"], w["to_out.0.bias"])
        return x + out.transpose(1, 2).reshape(x.shape)

    def mid(self, x, w):
        x = self.attention(self.resnet(x, w.at("resnets.0")), w.at("attentions.0"))
        return self.resnet(x, w.at("resnets.1"))

    def axes(self, i):
        space = i < int(math.log2(self.space))
        levels = len(self.widths)
        return (space if self.time == 8 else levels - 3 <= i < levels - 1), space

    def blocks(self, x, w):
        for j in range(self.c["layers_per_block"] + (w.prefix.startswith("decoder"))):
            x = self.resnet(x, w.at(f"resnets.{j}"))
        return x

    def encode_tile(self, x):
        w = self.w.at("encoder")
        x = self.conv(x, w.at("conv_in"))
        for i in range(len(self.widths)):
            level, (time, space) = w.at(f"down_blocks.{i}"), self.axes(i)
            x = self.blocks(x, level)
            if time or space:
                stride = (1 + time, 1 + space, 1 + space)
                x = self.conv(x, level.at("downsamplers.0.conv"), stride)
        x = F.silu(self.norm(self.mid(x, w.at("mid_block")), w.at("conv_norm_out")))
        x = self.conv(x, w.at("conv_out"))
        return F.conv3d(x, self.w["quant_conv.weight"], self.w["quant_conv.bias"])

    def decode_tile(self, z):
        w = self.w.at("decoder")
        x = F.conv3d(z, self.w["post_quant_conv.weight"], self.w["post_quant_conv.bias"])
        x = self.mid(self.conv(x, w.at("conv_in")), w.at("mid_block"))
        for i in range(len(self.widths)):
            level, (time, space) = w.at(f"up_blocks.{i}"), self.axes(i)
            x = self.blocks(x, level)
            if time or space:
                if space:
                    x = x.repeat_interleave(2, -1).repeat_interleave(2, -2)
                if time:
                    x = torch.cat([x[:, :, :1], x[:, :, 1:].repeat_interleave(2, 2)], 2)
                x = self.conv(x, level.at("upsamplers.0.conv"))
        return self.conv(F.silu(self.norm(x, w.at("conv_norm_out"))), w.at("conv_out"))

    def tiled(self, x, run, encodes):
        sizes = self.c.get("sample_tsize", 64), self.c.get("sample_size", 256)
        return tiled(x, run, self.c, sizes, (self.time, self.space), encodes, lead=1)

    def encode(self, x):
        mean, logvar = self.tiled(x, self.encode_tile, True).chunk(2, 1)
        return mean, logvar.clamp(-30, 20)

    def scaled(self, latents):
        return self.c["scale_factor"] * (latents - self.c["shift_factor"])

    def decode(self, z):
        z = z / self.c["scale_factor"] + self.c["shift_factor"]
        return self.tiled(z, self.decode_tile, False)


# Video DC-AE ------------------------------------------------------------------------------------


def conv3d(x, w, stride=(1, 1, 1), groups=1):
    weight = w["weight"]
    return F.conv3d(x, weight, w.get("bias"), stride, weight.shape[-1] // 2, groups=groups)


def rms(x, w):
    x = x / torch.sqrt((x * x).mean(1, keepdim=True) + 1e-5)
    return x * w["weight"].view(1, -1, 1, 1, 1) + w["bias"].view(1, -1, 1, 1, 1)


def fold(x, t, s):
    b, c, T, H, W = x.shape
    x = x.view(b, c, T // t, t, H // s, s, W // s, s)
    return x.permute(0, 1, 3, 5, 7, 2, 4, 6).reshape(b, c * t * s * s, T // t, H // s, W // s)


def unfold(x, t, s):
    b, c, T, H, W = x.shape
    x = x.view(b, c // (t * s * s), t, s, s, T, H, W)
    return x.permute(0, 1, 5, 2, 6, 3, 7, 4).reshape(b, -1, T * t, H * s, W * s)


def down(x, w, time, space):
    s = 1 + space
    y = conv3d(x, w, (1 + time, s, s))
    short = fold(x, 1 + (time and x.shape[2] > 1), s)
    return y + short.view(y.shape[0], y.shape[1], -1, *short.shape[2:]).mean(2)


def up(x, w, time, space):
    t, s = 1 + (time and x.shape[2] > 1), 1 + space
    big = x.repeat_interleave(t, 2).repeat_interleave(s, 3).repeat_interleave(s, 4)
    y = conv3d(big, w)
    return y + unfold(x.repeat_interleave(y.shape[1] * t * s * s // x.shape[1], 1), t, s)


def lite_mla(x, w):
    b, c, T, H, W = x.shape
    parts = [conv3d(x, w.at("qkv.conv"))]
    if w.has("aggreg"):
        second = conv3d(parts[0], w.at("aggreg.0.0"), groups=3 * c)
        parts.append(conv3d(second, w.at("aggreg.0.1"), groups=3 * c // 32))
    qkv = torch.cat(parts, 1).view(b, -1, 96, T * H * W)
    q, k, v = F.relu(qkv[:, :, :32]), F.relu(qkv[:, :, 32:64]), qkv[:, :, 64:]
    out = (v @ k.transpose(-1, -2)) @ q / (k.sum(-1)[:, :, None] @ q + 1e-15)
    return rms(conv3d(out.reshape(b, -1, T, H, W), w.at("proj.conv")), w.at("proj.norm"))


def glu_mbconv(x, w):
    h = F.silu(conv3d(x, w.at("inverted_conv.conv")))
    h, gate = conv3d(h, w.at("depth_conv.conv"), groups=h.shape[1]).chunk(2, 1)
    return rms(conv3d(h * F.silu(gate), w.at("point_conv.conv")), w.at("point_conv.norm"))


def dc_block(x, w):
    if w.has("context_module"):
        x = x + lite_mla(x, w.at("context_module.main"))
        return x + glu_mbconv(x, w.at("local_module.main"))
    h = conv3d(F.silu(conv3d(x, w.at("main.conv1.conv"))), w.at("main.conv2.conv"))
    return x + rms(h, w.at("main.conv2.norm"))


class DCAE:
    def __init__(self, config, tensors):
        self.c, self.w = config, Weights(tensors)

    def encode_tile(self, x):
        w, c = self.w.at("encoder"), self.c["encoder"]
        x = conv3d(x, w.at("project_in.conv"))
        levels = len(c["width_list"])
        for i, depth in enumerate(c["depth_list"]):
            stage = w.at(f"stages.{i}.op_list")
            for j in range(depth):
                x = dc_block(x, stage.at(j))
            if i + 1 < levels:
                x = down(x, stage.at(f"{depth}.main.conv"), c["temporal_downsample"][i], True)
        return down(x, w.at("project_out.main.op_list.0.conv"), False, False)

    def decode_tile(self, z):
        w, c = self.w.at("decoder"), self.c["decoder"]
        x = up(z, w.at("project_in.main.conv"), False, False)
        levels = len(c["width_list"])
        for i in reversed(range(levels)):
            stage = w.at(f"stages.{i}.op_list")
            first = int(i + 1 < levels)
            if first:
                x = up(x, stage.at("0.main.conv.conv"), c["temporal_upsample"][i], True)
            for j in range(c["depth_list"][i]):
                x = dc_block(x, stage.at(first + j))
        x = F.relu(rms(x, w.at("project_out.op_list.0")))
        return conv3d(x, w.at("project_out.op_list.2.conv"))

    def tiled(self, x, run, encodes):
        sizes = self.c.get("temporal_tile_size", 32), self.c.get("spatial_tile_size", 256)
        return tiled(x, run, self.c, sizes, (4, 32), encodes, joins_tail=not encodes)

    def encode(self, x):
        return self.tiled(x, self.encode_tile, True), None

    def scaled(self, latents):
        return latents / self.c.get("scaling_factor", 1)

    def decode(self, z):
        return self.tiled(z * self.c.get("scaling_factor", 1), self.decode_tile, False)


FAMILIES = {"hunyuan_vae": Causal3D, "dc_ae": DCAE}


@torch.no_grad()
def run(config, tensors, x):
    """Inputs and outputs as the parity vectors hold them."""
    model = FAMILIES[config["type"]](config, tensors)
    mean, logvar = model.encode(x)
    z = model.scaled(mean)
    result = {"x": x.half(), "z": z, "recon": model.decode(z.clone())}
    if logvar is not None:
        result |= {"mean": mean, "logvar": logvar}
    return {name: value.contiguous() for name, value in result.items()}


def main():
    worst = 0
    for folder in sorted((HERE / "parity").iterdir()):
        if not folder.is_dir():
            continue
        config = json.loads((folder / "config.json").read_text())
        if config["type"] not in FAMILIES:
            continue
        weights = load_file(folder.parent / config.get("weights_case", folder.name) / "model.safetensors")
        expected = load_file(folder / "io.safetensors")
        actual = run(config, weights, expected["x"].float())
        for name in actual.keys() - {"x"}:
            error = ((actual[name] - expected[name]).abs().max() / expected[name].abs().max()).item()
            print(f"{folder.name:16} {name:8} {error:.1e}")
            worst = max(worst, error)
    sys.exit(worst > 1e-4)


if __name__ == "__main__":
    main()
