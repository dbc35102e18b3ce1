#!/usr/bin/env python3
"""Reads each latent format back the way the tools do that it is for, and compares the values.

    check_formats.py path/to/vaecodec

Needs torch and safetensors. The readers below follow the tools' documented conventions:
musubi-tuner takes names apart at their last underscores and the one tensor `latents_FxHxW_dtype`;
ComfyUI's LoadLatent reads `latent_tensor`, times 1/0.18215 unless `latent_format_version_0` is
there, and its video models take [1,C,T,H,W], its image models batches [T,C,H,W]; Open-Sora's training stacks what `torch.load` returns for `latents_path`.
"""
import glob
import os
import subprocess
import sys
import tempfile

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file


def read_own(path):
    with safe_open(path, "pt") as file:
        metadata = file.metadata()
    scale, shift = float(metadata["scale_factor"]), float(metadata["shift_factor"])
    return load_file(path)["latents"].float() / scale + shift, scale, shift


def read_musubi(path):
    tokens = os.path.basename(path).split("_")
    width, height = map(int, tokens[-2].split("x"))
    first, frames = map(int, tokens[-3].split("-"))
    assert (first, frames, width, height) == (0, 5, 48, 32), tokens
    assert tokens[-1] == "hv.safetensors", tokens
    with safe_open(path, "pt") as file:
        assert file.metadata()["architecture"] == "hunyuan_video", file.metadata()
        (key,) = file.keys()
        latents = file.get_tensor(key)
    kind, size, dtype = key.split("_")
    assert kind == "latents" and size == "x".join(map(str, latents.shape[1:])), key
    assert dtype == str(latents.dtype).removeprefix("torch."), key
    return latents


def read_comfyui(path):
    tensors = load_file(path)
    factor = 1.0 if "latent_format_version_0" in tensors else 1 / 0.18215
    latents = tensors["latent_tensor"].float() * factor
    return latents[0] if latents.ndim == 5 else latents.transpose(0, 1)


def read_opensora(path):
    batch = torch.stack([torch.load(path, map_location="cpu", weights_only=True)] * 2)
    assert batch.ndim == 5 and batch.is_contiguous()
    return batch[1]


def main(vaecodec):
    image_model = os.path.join(
        os.path.dirname(__file__), "../../ModelsTests/Fixtures/parity/autoencoder_2d")
    check(vaecodec, [])
    check(vaecodec, ["--model", f"{image_model}/model.safetensors",
                     "--config", f"{image_model}/config.json"])


def check(vaecodec, model):
    with tempfile.TemporaryDirectory() as folder:
        source = f"{folder}/x.safetensors"
        video = torch.sin(torch.arange(3 * 5 * 32 * 48, dtype=torch.float32) / 50)
        save_file({"x": video.reshape(3, 5, 32, 48)}, source)

        def encode(format, dtype):
            # Given twice, since only several inputs are named as their format wants it.
            out = f"{folder}/{format}-{dtype}"
            command = [vaecodec, "encode", source, source, "-o", out, "-q", *model]
            subprocess.run(
                command + ["--format", format, "--dtype", dtype], check=True,
                stdout=subprocess.DEVNULL)
            return min(glob.glob(f"{out}/*"), key=len)

        for dtype, tolerance in ("f32", 1e-5), ("f16", 4e-3), ("bf16", 3e-2):
            expected, scale, shift = read_own(encode("vaecodec", "f32"))
            found = {
                "vaecodec": read_own(encode("vaecodec", dtype))[0],
                "comfyui": read_comfyui(encode("comfyui", dtype)),
            }
            if not model:  # these two are made for a video model
                found["musubi"] = read_musubi(encode("musubi", dtype))
                found["opensora-pt"] = (
                    read_opensora(encode("opensora-pt", dtype)).float() / scale + shift)
            for format, latents in found.items():
                assert latents.shape == expected.shape, (format, latents.shape)
                error = (latents.float() - expected).abs().max() / expected.abs().max()
                assert error <= tolerance, (format, dtype, error)
                print(f"{format:12} {dtype:5} {tuple(latents.shape)} error {error:.1e}")


if __name__ == "__main__":
    main(*sys.argv[1:])
