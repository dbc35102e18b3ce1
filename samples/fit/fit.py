"""Fits the embedded model: python fit.py --clips FOLDER --out FOLDER --minutes 100

Runs on a CPU and, unchanged, on a CUDA device; continues from OUT/state.pt where there is one.
`torchrun --nproc-per-node 2 fit.py ...` shares a step among processes, which on a CPU with other
work to do beats threads."""

import argparse
import csv
import json
import math
import os
import time
from pathlib import Path

import numpy as np
import torch
import torch.distributed as dist
from safetensors.torch import save_file

from data import Crops, Transform, held_out_clips, psnr, training_clips
from model import Autoencoder, Resnet
from start import linear_start, protect

CONFIG = {
    "type": "hunyuan_vae", "in_channels": 3, "out_channels": 3, "latent_channels": 16,
    "layers_per_block": 1, "norm_num_groups": 1, "block_out_channels": [8, 24, 64, 104],
    "time_compression_ratio": 4, "spatial_compression_ratio": 8,
    "mid_block_add_attention": False, "scale_factor": 1.0, "shift_factor": 0.0,
    "use_spatial_tiling": True, "use_temporal_tiling": True,
    "sample_size": 256, "sample_tsize": 32, "tile_overlap_factor": 0.25,
}
LINES = [192, 256, 384]
# Clips a step and process, frames, side; and how often each shape is drawn.
SHAPES = [((2, 9, 64), 0.58), ((1, 17, 64), 0.32), ((1, 9, 128), 0.08), ((1, 5, 256), 0.02)]


def arguments():
    p = argparse.ArgumentParser()
    p.add_argument("--clips", required=True, help="folder of video files")
    p.add_argument("--out", required=True, help="state, curve, best.safetensors, best.json")
    p.add_argument("--cache", help="decoded frames; OUT/cache by default")
    p.add_argument("--minutes", type=float, default=100, help="of this run, schedule included")
    p.add_argument("--start-minutes", type=float, default=3,
                   help="of processor time for the linear start")
    p.add_argument("--lr", type=float, default=3e-5)
    p.add_argument("--warm-minutes", type=float, default=5)
    p.add_argument("--batch", type=float, default=1, help="times the batch of every shape")
    p.add_argument("--check-minutes", type=float, default=10)
    p.add_argument("--pause-file", help="training sleeps while this file exists")
    p.add_argument("--idle", type=float, default=0.6,
                   help="part of the run in which the costly levels are shortcuts only")
    p.add_argument("--compile", action="store_true")
    p.add_argument("--threads", type=int, default=0)
    p.add_argument("--seed", type=int, default=0)
    return p.parse_args()


class Average:
    """Exponential average of the weights; short at first, so that the start is forgotten."""

    def __init__(self, model, decay=0.998):
        self.decay, self.steps = decay, 0
        self.model = Autoencoder(model.config).to(next(model.parameters()).device)
        self.model.load_state_dict(model.state_dict())
        self.model.eval().requires_grad_(False)

    def update(self, model):
        self.steps += 1
        keep = min(self.decay, self.steps / (self.steps + 20))
        torch._foreach_lerp_(list(self.model.parameters()), list(model.parameters()), 1 - keep)


def set_idle(model, idle):
    """The levels at and next to full resolution: half the arithmetic, little of the gain."""
    for block in (*model.encoder.down_blocks[:2], model.decoder.up_blocks[-1]):
        for m in block.modules():
            if isinstance(m, Resnet):
                m.idle = idle


def average_gradients(model):
    grads = [p.grad for p in model.parameters() if p.grad is not None]
    flat = torch.cat([g.flatten() for g in grads])
    dist.all_reduce(flat)
    flat /= dist.get_world_size()
    for g, part in zip(grads, flat.split([g.numel() for g in grads])):
        g.copy_(part.view_as(g))


def loss_of(model, x):
    """Root mean square error per clip and a trace of the divergence to N(0, 1)."""
    mean, logvar = model.moments(x)
    latent = mean + torch.exp(0.5 * logvar) * torch.randn_like(mean)
    y = model.decode(latent)
    error = y - x
    rms = (error.square().mean((1, 2, 3, 4)) + 1e-5).sqrt().mean()
    kl = 0.5 * (mean.square() + logvar.exp() - 1 - logvar).mean()
    return rms + 1e-5 * kl


def check(model, clips, device):
    """PSNR of every held-out clip, and the latents' mean and deviation."""
    values, latents = [], []
    with torch.no_grad():
        for x in clips.values():
            mean, _ = model.moments(x.to(device))
            latents.append(mean.flatten())
            values.append(psnr(model.decode(mean.half().float()).clamp(-1, 1).cpu(), x))
    latents = torch.cat(latents)
    return values, latents.mean().item(), latents.std().item()


def export(model, folder, mean, std):
    config = dict(CONFIG, shift_factor=round(mean, 6), scale_factor=round(1 / std, 6))
    tensors = {k: v.detach().cpu().bfloat16().contiguous() for k, v in model.state_dict().items()}
    save_file(tensors, folder / "best.safetensors.part", metadata={"format": "pt"})
    (folder / "best.json.part").write_text(json.dumps(config, indent=2) + "\n")
    for name in ("best.safetensors", "best.json"):
        os.replace(folder / f"{name}.part", folder / name)


def main():
    args = arguments()
    if args.threads:
        torch.set_num_threads(args.threads)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    rank = int(os.environ.get("RANK", 0))
    together = int(os.environ.get("WORLD_SIZE", 1)) > 1
    if together:
        if device == "cuda":
            torch.cuda.set_device(rank)
        dist.init_process_group("nccl" if device == "cuda" else "gloo")
    out = Path(args.out)
    crops = Crops(training_clips(args.clips, args.cache or out / "cache", LINES),
                  args.seed + 1000 * rank)
    held_out = held_out_clips(args.clips) if rank == 0 else {}
    if rank == 0:
        transform = Transform(Crops(crops.clips, 1))
        bar = [psnr(transform.round_trip(x).clamp(-1, 1), x) for x in held_out.values()]
        print("transform:", " ".join(f"{v:.2f}" for v in bar), flush=True)

    model = Autoencoder(CONFIG)
    protect(model)
    state = out / "state.pt"
    saved = torch.load(state, map_location="cpu") if state.exists() else None
    if saved:
        model.load_state_dict(saved["model"])
    elif rank == 0:
        linear_start(model, Crops(crops.clips, 2), args.start_minutes)
    if together:
        for p in model.parameters():
            dist.broadcast(p.data, 0)
    model.to(device, memory_format=torch.channels_last_3d)
    average = Average(model)
    decay = [p for p in model.parameters() if p.ndim > 1]
    plain = [p for p in model.parameters() if p.ndim <= 1]
    optimizer = torch.optim.AdamW(
        [{"params": decay, "weight_decay": 1e-3}, {"params": plain, "weight_decay": 0}],
        lr=args.lr, betas=(0.9, 0.98))
    step, spent, best = 0, 0.0, -math.inf
    if saved:
        average.model.load_state_dict(saved["average"])
        average.steps = step = saved["step"]
        optimizer.load_state_dict(saved["optimizer"])
        spent, best = saved["spent"], saved["best"]
    del saved

    objective = torch.compile(loss_of) if args.compile else loss_of
    shapes, odds = zip(*SHAPES)
    draw = np.random.default_rng(args.seed + step)
    curve = rank == 0 and open(out / "curve.csv", "a", newline="")
    begin = last = time.time()
    next_check, losses = 0.0 if step == 0 else args.check_minutes, []
    while True:
        while args.pause_file and os.path.exists(args.pause_file):
            time.sleep(2)
        clock = torch.tensor([(time.time() - begin) / 60], device=device)
        if together:
            dist.broadcast(clock, 0)
        minutes = clock.item()
        done = min(minutes / args.minutes, 1)
        if rank == 0 and (minutes >= next_check or done == 1):
            values, mean, std = check(average.model, held_out, device)
            average_psnr = sum(values) / len(values)
            row = [step, round(spent + minutes, 1), round(average_psnr, 3)]
            row += [round(v, 2) for v in values] + [round(mean, 3), round(std, 3)]
            csv.writer(curve).writerow(row)
            curve.flush()
            loss = sum(losses) / max(len(losses), 1)
            print("check:", row, f"loss {loss:.4f}", flush=True)
            if average_psnr > best:
                best = average_psnr
                export(average.model, out, mean, std)
            torch.save({"model": model.state_dict(), "average": average.model.state_dict(),
                        "optimizer": optimizer.state_dict(), "step": step, "best": best,
                        "spent": spent + minutes}, f"{state}.part")
            os.replace(f"{state}.part", state)
            losses = []
            next_check = minutes + args.check_minutes
        if done == 1:
            break
        rate = min(1, (minutes + 0.02) / args.warm_minutes) * (1 + math.cos(math.pi * done)) / 2
        for group in optimizer.param_groups:
            group["lr"] = args.lr * rate
        set_idle(model, done < args.idle)
        count, frames, side = shapes[draw.choice(len(shapes), p=odds)]
        x = crops.batch(max(1, round(count * args.batch)), frames, side)
        x = x.to(device, memory_format=torch.channels_last_3d)
        with torch.autocast("cuda", torch.bfloat16, enabled=device == "cuda"):
            loss = objective(model, x)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        if together:
            average_gradients(model)
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        average.update(model)
        losses.append(loss.item())
        step += 1
        if rank == 0 and step % 50 == 0:
            now = time.time()
            recent = sum(losses[-50:]) / len(losses[-50:])
            print(f"{step} {minutes:.1f} min loss {recent:.4f} {(now - last) / 50:.2f} s/step",
                  flush=True)
            last = now


if __name__ == "__main__":
    main()
