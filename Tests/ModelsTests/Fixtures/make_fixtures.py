"""Makes the cases below `more/`, which the parity vectors leave out.

    python make_fixtures.py

Ratio 4 of the causal model and the 2D model come from `diffusers` (its own tiling along time switched
off); ratio 8 and the DC-AE from `reference.py`. Needs torch, diffusers and safetensors. Weights are
random from a fixed seed, or those of a parity case (`weights_case`)."""

import json

import torch
from diffusers import AutoencoderKL, AutoencoderKLHunyuanVideo
from safetensors.torch import load_file, save_file

import reference

MORE = reference.HERE / "more"
PARITY = reference.HERE / "parity"


def clip(*shape):
    """Smooth shapes with some noise, in [-1, 1], exact in half precision."""
    t, h, w = shape
    grid = torch.meshgrid(*(torch.linspace(0, 6, n) for n in shape), indexing="ij")
    planes = [torch.sin(grid[c] * (c + 1) + grid[(c + 1) % 3]) for c in range(3)]
    x = 0.7 * torch.stack(planes)[None] + 0.2 * torch.randn(1, 3, t, h, w)
    return x.clamp(-1, 1).half().float()


def save(name, config, io, weights=None):
    folder = MORE / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    save_file({key: value.contiguous() for key, value in io.items()}, folder / "io.safetensors")
    if weights is not None:
        save_file(weights, folder / "model.safetensors")


def ours(name, weights_case, x, **changes):
    config = json.loads((PARITY / weights_case / "config.json").read_text())
    config |= changes | {"weights_case": weights_case}
    weights = load_file(PARITY / weights_case / "model.safetensors")
    save(name, config, reference.run(config, weights, x))


def rounded(model):
    """Rounds a model's weights to bfloat16, scaled up so that no layer fades out."""
    for name, value in model.named_parameters():
        scale = 1.7 if value.ndim > 1 else 1
        value.data = (value.data * scale).bfloat16().float()
    return {name: value.bfloat16() for name, value in model.state_dict().items()}


def outputs(model, x, scale, shift):
    moments = model.encode(x).latent_dist
    z = scale * (moments.mean - shift)
    return moments.mean, moments.logvar, z, model.decode(z / scale + shift).sample


def video_io(model, x):
    model.use_framewise_encoding = model.use_framewise_decoding = False
    mean, logvar, z, recon = outputs(model, x, model.config.scaling_factor, 0)
    return {"x": x.half(), "mean": mean, "logvar": logvar, "z": z, "recon": recon}


def hunyuan(config):
    return AutoencoderKLHunyuanVideo(
        block_out_channels=config["block_out_channels"],
        layers_per_block=config["layers_per_block"],
        norm_num_groups=config["norm_num_groups"],
        spatial_compression_ratio=config.get("spatial_compression_ratio", 8),
        down_block_types=["HunyuanVideoDownBlock3D"] * len(config["block_out_channels"]),
        up_block_types=["HunyuanVideoUpBlock3D"] * len(config["block_out_channels"]),
    ).eval()


def one_side_over_the_tile():
    config = json.loads((PARITY / "causal3d" / "config.json").read_text())
    config |= {"use_spatial_tiling": True, "use_temporal_tiling": False, "sample_size": 32}
    config["weights_case"] = "causal3d"
    model = hunyuan(config)
    weights = load_file(PARITY / "causal3d" / "model.safetensors")
    model.load_state_dict({name: value.float() for name, value in weights.items()})
    model.enable_tiling(32, 32, 16, 24, 24, 12)
    save("causal3d_one_side", config, video_io(model, clip(5, 32, 48)))


def five_levels():
    model = hunyuan(
        {"block_out_channels": [8, 8, 8, 16, 16], "layers_per_block": 1, "norm_num_groups": 4}
    )
    weights = rounded(model)
    io = video_io(model, clip(5, 16, 24))
    save("causal3d_five_levels", {**model.config, "_class_name": type(model).__name__}, io, weights)


def diffusers_2d():
    model = AutoencoderKL(
        block_out_channels=[8, 16, 16],
        down_block_types=["DownEncoderBlock2D"] * 3,
        up_block_types=["UpDecoderBlock2D"] * 3,
        layers_per_block=1, latent_channels=4, norm_num_groups=4, shift_factor=0.05,
    ).eval()
    weights = rounded(model)
    x = clip(3, 16, 24)
    frames = x[0].transpose(0, 1)
    names = ["mean", "logvar", "z", "recon"]
    results = outputs(model, frames, model.config.scaling_factor, model.config.shift_factor)
    io = {"x": x.half()} | {n: v.transpose(0, 1)[None] for n, v in zip(names, results)}
    save("autoencoder_2d_diffusers", {**model.config, "_class_name": type(model).__name__}, io, weights)


@torch.no_grad()
def main():
    torch.manual_seed(7)
    one_side_over_the_tile()
    five_levels()
    diffusers_2d()
    tiles = {"use_spatial_tiling": True, "use_temporal_tiling": True}
    ours(
        "causal3d_time8_tiled", "causal3d_time8", clip(41, 16, 48),
        **tiles, sample_size=32, sample_tsize=32,
    )
    ours("dc_ae_scaling", "dc_ae", clip(1, 64, 32), scaling_factor=0.493)
    ours(
        "dc_ae_lone_tail", "dc_ae", clip(28, 32, 32),
        **tiles, spatial_tile_size=128, temporal_tile_size=16,
    )


if __name__ == "__main__":
    main()
