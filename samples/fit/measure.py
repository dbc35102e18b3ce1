"""Measures a model on the held-out clips, against the linear transform of the same rate:
python measure.py --clips FOLDER --weights tiny.safetensors --config tiny.json"""

import argparse
from pathlib import Path

import imageio
import numpy as np
import torch
from skimage.metrics import structural_similarity

from data import (HELD_OUT, Crops, Transform, cached, decode, held_out_clips, psnr, to_float,
                  training_clips)
from fit import LINES
from model import load


def pixels(x):
    """uint8 [T, H, W, 3], as a viewer gets them."""
    y = ((x[0].clamp(-1, 1) + 1) * 127.5).round().byte()
    return y.permute(1, 2, 3, 0).numpy()


def decibels(a, b):
    return 10 * np.log10(255 ** 2 / np.mean((a.astype(np.float64) - b) ** 2))


def ssim(a, b):
    return np.mean([structural_similarity(p, q, channel_axis=2, gaussian_weights=True, sigma=1.5,
                                          use_sample_covariance=False) for p, q in zip(a, b)])


def round_trip(model, x):
    mean, _ = model.moments(x)
    return mean, model.decode(mean.half().float())


def tiled(function, x, size, overlap, ratio):
    """The reference's spatial tiles: blend with the tile above, then left, in place, and crop.
    `ratio` is output over input size."""
    step = int(size * (1 - overlap))
    blend = int(size * ratio * overlap)
    keep = int(size * ratio) - blend
    rows = [[function(x[..., i:i + size, j:j + size]) for j in range(0, x.shape[-1], step)]
            for i in range(0, x.shape[-2], step)]

    def mix(a, b, dim):
        n = min(a.shape[dim], b.shape[dim], blend)
        shape = [1] * b.ndim
        shape[dim] = n
        ramp = (torch.arange(n) / n).reshape(shape)
        b.narrow(dim, 0, n).copy_(a.narrow(dim, a.shape[dim] - n, n) * (1 - ramp)
                                  + b.narrow(dim, 0, n) * ramp)

    for i, row in enumerate(rows):
        for j, tile in enumerate(row):
            if i:
                mix(rows[i - 1][j], tile, -2)
            if j:
                mix(row[j - 1], tile, -1)
    return torch.cat([torch.cat([t[..., :keep, :keep] for t in row], -1) for row in rows], -2)


def seams(model, x):
    """Mean jump of the error across the columns where a blend begins or ends, tiled over in one
    piece (1 is no seam), and both PSNRs."""
    config = model.config
    size, overlap = config["sample_size"], config["tile_overlap_factor"]
    latent = tiled(lambda t: model.moments(t)[0], x, size, overlap, 1 / 8)
    y = tiled(model.decode, latent, size // 8, overlap, 8)
    whole = round_trip(model, x)[1]
    step, blend = int(size * (1 - overlap)), int(size * overlap)
    edges = [c for k in range(step, x.shape[-1], step) for c in (k, k + blend)
             if c < x.shape[-1]]
    jumps = [sum((e[..., c] - e[..., c - 1]).abs().mean() for c in edges)
             for e in (y - x, whole - x)]
    return (jumps[0] / jumps[1]).item(), psnr(y.clamp(-1, 1), x), psnr(whole.clamp(-1, 1), x)


def row_of(model, transform, video, side=256, frames=17):
    """The middle frame of the first ones: source, reconstruction, linear transform."""
    clip = decode(video, side)[:frames]
    left = (clip.shape[2] - side) // 2
    x = to_float(clip[None, :, :side, left:left + side])
    results = [pixels(y) for y in (x, round_trip(model, x)[1], transform.round_trip(x))]
    print(video, *(f"{decibels(y, results[0]):.2f}" for y in results[1:]))
    return np.concatenate([y[frames // 2] for y in results], 1)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--clips", required=True)
    p.add_argument("--weights", required=True)
    p.add_argument("--config", required=True)
    p.add_argument("--cache", default="cache", help="decoded frames, shared with the fit")
    p.add_argument("--picture", nargs="+", metavar=("PNG", "VIDEO"),
                   help="a row for each video: source, reconstruction, transform")
    args = p.parse_args()
    torch.set_grad_enabled(False)
    model = load(args.weights, args.config)
    config = model.config
    transform = Transform(Crops(training_clips(args.clips, args.cache, LINES), 1))

    if args.picture:
        imageio.imwrite(args.picture[0],
                        np.concatenate([row_of(model, transform, v) for v in args.picture[1:]]))
        return
    latents, table = [], []
    print("| clip | PSNR | SSIM | transform PSNR | transform SSIM | first frame | last frame |")
    print("|---|---|---|---|---|---|---|")
    for name, x in held_out_clips(args.clips, args.cache).items():
        mean, y = round_trip(model, x)
        latents.append(mean[0].flatten(1))
        source, ours, linear = pixels(x), pixels(y), pixels(transform.round_trip(x))
        row = [decibels(ours, source), ssim(ours, source), decibels(linear, source),
               ssim(linear, source), decibels(ours[0], source[0]), decibels(ours[-1], source[-1])]
        table.append(row)
        print(f"| {name} | " + " | ".join(f"{v:.{3 if i in (1, 3) else 2}f}"
                                          for i, v in enumerate(row)) + " |", flush=True)
    mean = np.mean(table, 0)
    print("| mean | " + " | ".join(f"{v:.{3 if i in (1, 3) else 2}f}"
                                   for i, v in enumerate(mean)) + " |")

    z = (torch.cat(latents, 1) - config["shift_factor"]) * config["scale_factor"]
    print(f"\nlatents: mean {z.mean():.3f}, deviation {z.std():.3f}; per channel:")
    print("| channel | mean | deviation |\n|---|---|---|")
    for i, c in enumerate(z):
        print(f"| {i} | {c.mean():.2f} | {c.std():.2f} |")

    print("\nseams at 384x384 (error jump at tile edges, tiled over untiled; PSNR tiled, untiled):")
    for name in HELD_OUT[1:3]:
        clip = cached(Path(args.clips) / name, args.cache, 384)[:9]
        left = (clip.shape[2] - 384) // 2
        ratio, cut, whole = seams(model, to_float(clip[None, :, :384, left:left + 384]))
        print(f"{name}: {ratio:.3f}; {cut:.2f}, {whole:.2f} dB")


if __name__ == "__main__":
    main()
