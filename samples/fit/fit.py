"""Fits the embedded model: python fit.py --clips FOLDER --out FOLDER

Runs on a CPU and, unchanged, on a CUDA device; continues from OUT/state.pt where there is one.
`torchrun --nproc-per-node 2 fit.py ...` shares a step among processes, which on a CPU with other
work to do beats threads."""

import argparse
import csv
import json
import os
import time
from pathlib import Path

import numpy as np
import torch
import torch.distributed as dist
from safetensors.torch import save_file

from data import Crops, held_out_clips, psnr, training_clips
from model import Autoencoder, Resnet
from start import linear_start, protect, start_branches

CONFIG = {
    "type": "hunyuan_vae", "in_channels": 3, "out_channels": 3, "latent_channels": 16,
    "layers_per_block": 1, "norm_num_groups": 1, "block_out_channels": [16, 32, 64, 104],
    "time_compression_ratio": 4, "spatial_compression_ratio": 8,
    "mid_block_add_attention": False, "scale_factor": 1.0, "shift_factor": 0.0,
    "use_spatial_tiling": True, "use_temporal_tiling": True,
    "sample_size": 256, "sample_tsize": 32, "tile_overlap_factor": 0.25,
}
LINES = [192, 256, 384]
# Clips a step and process, frames, side; and how often each shape is drawn.
SHAPES = [((8, 9, 64), 0.6), ((4, 17, 64), 0.25), ((8, 5, 64), 0.1), ((1, 9, 192), 0.05)]
# What is fitted in turn, at what rates for the main path and the residual branches. `linear`: the
# main path alone. `inner`: with the branches from the latents to a quarter of the resolution;
# both leave out the levels at full resolution, at a fifth of the cost. `whole`: everything.
STAGES = {"linear": (1.5e-4, 0, 0), "inner": (2e-5, 3e-4, 4e-5), "whole": (1e-5, 2e-4, 4e-5)}


def arguments():
    p = argparse.ArgumentParser()
    p.add_argument("--clips", required=True, help="folder of video files")
    p.add_argument("--out", required=True, help="state, curve, best.safetensors, best.json")
    p.add_argument("--cache", help="decoded frames; OUT/cache by default")
    p.add_argument("--steps", nargs=3, type=int, default=[2400, 0, 0], metavar="N",
                   help="steps of the stages linear, inner, whole")
    p.add_argument("--lr", type=float, default=1, help="times the rates of every stage")
    p.add_argument("--batch", type=float, default=1, help="times the batch of every shape")
    p.add_argument("--check-steps", type=int, default=200)
    p.add_argument("--pause-file", help="training sleeps while this file exists")
    p.add_argument("--compile", action="store_true")
    p.add_argument("--threads", type=int, default=0)
    p.add_argument("--seed", type=int, default=0)
    return p.parse_args()


class Average:
    """Exponential average of the weights; short at first, so that the start is forgotten."""

    def __init__(self, model, decay=0.995):
        self.decay, self.steps = decay, 0
        self.model = Autoencoder(model.config).to(next(model.parameters()).device)
        self.model.load_state_dict(model.state_dict())
        self.model.eval().requires_grad_(False)

    def update(self, model):
        self.steps += 1
        keep = min(self.decay, self.steps / (self.steps + 20))
        torch._foreach_lerp_(list(self.model.parameters()), list(model.parameters()), 1 - keep)


def set_stage(model, stage):
    """Which residual branches run, and the collapsed levels: a stem and a linear end, or none."""
    outer = {id(m) for block in (*model.encoder.down_blocks[:2], *model.decoder.up_blocks[2:])
             for m in block.resnets}
    for m in model.modules():
        if isinstance(m, Resnet):
            m.idle = stage == "linear" or stage == "inner" and id(m) in outer
    if stage == "whole":
        return None, False
    with torch.no_grad():
        return model.encoder.stem(), True


def parameter_groups(model):
    """The main path; the residual branches up to their last convolution; that convolution."""
    groups = [], [], []
    for name, p in model.named_parameters():
        inside = ".resnets." in name and "conv_shortcut" not in name
        groups[(2 if ".conv2." in name else 1) if inside else 0].append(p)
    return [{"params": group} for group in groups]


def rate(step, steps):
    """Warm-up, steady, and a decay over the second half of a stage."""
    return min(1, (step + 1) / 30, 2 * (1 - step / steps))


def average_gradients(model):
    grads = [p.grad for p in model.parameters() if p.grad is not None]
    flat = torch.cat([g.flatten() for g in grads])
    dist.all_reduce(flat)
    flat /= dist.get_world_size()
    for g, part in zip(grads, flat.split([g.numel() for g in grads])):
        g.copy_(part.view_as(g))


def loss_of(model, x, collapsed):
    """Root mean square error per clip and a trace of the divergence to N(0, 1)."""
    stem, linear_end = collapsed
    mean, logvar = model.moments(x, stem)
    latent = mean + torch.exp(0.5 * logvar) * torch.randn_like(mean)
    y = model.decode(latent, linear_end).float()
    error = y - x
    rms = (error.square().mean((1, 2, 3, 4)) + 1e-5).sqrt().mean()
    kl = 0.5 * (mean.square() + logvar.exp() - 1 - logvar).mean()
    return rms + 1e-5 * kl


def check(model, clips, device, collapsed):
    """PSNR of every held-out clip, and the latents' mean and deviation."""
    values, latents = [], []
    with torch.no_grad():
        for x in clips.values():
            mean, _ = model.moments(x.to(device), collapsed[0])
            latents.append(mean.flatten())
            y = model.decode(mean.half().float(), collapsed[1]).clamp(-1, 1).cpu()
            values.append(psnr(y, x))
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
    out.mkdir(parents=True, exist_ok=True)
    cache = args.cache or out / "cache"
    crops = Crops(training_clips(args.clips, cache, LINES), args.seed + 1000 * rank)
    held_out = held_out_clips(args.clips, cache) if rank == 0 else {}
    model = Autoencoder(CONFIG)
    protect(model)
    state = out / "state.pt"
    saved = torch.load(state, map_location="cpu") if state.exists() else None
    if saved:
        model.load_state_dict(saved["model"])
    elif rank == 0:
        linear_start(model, Crops(crops.clips, 2))
    if together:
        for p in model.parameters():
            dist.broadcast(p.data, 0)
    model.to(device, memory_format=torch.channels_last_3d)
    average = Average(model)
    optimizer = torch.optim.Adam(parameter_groups(model), lr=0.0, betas=(0.9, 0.98))
    step, best = 0, 0.0
    if saved:
        average.model.load_state_dict(saved["average"])
        average.steps, step, best = saved["averaged"], saved["step"], saved["best"]
        optimizer.load_state_dict(saved["optimizer"])
    del saved

    objective = torch.compile(loss_of) if args.compile else loss_of
    shapes, odds = zip(*SHAPES)
    draw = np.random.default_rng(args.seed + step)
    curve = rank == 0 and open(out / "curve.csv", "a", newline="")
    crops.rng = np.random.default_rng([args.seed, rank, step])
    before, losses, collapsed, last = 0, [], None, time.time()
    for stage, count in zip(STAGES, args.steps):
        if 0 < step == before and count:
            model.load_state_dict(average.model.state_dict())
            if stage == "inner":
                start_branches(model, Crops(crops.clips, 3))
                average.model.load_state_dict(model.state_dict())
        collapsed = set_stage(model, stage)
        set_stage(average.model, stage)
        while step < before + count:
            while args.pause_file and os.path.exists(args.pause_file):
                time.sleep(2)
            for group, lr in zip(optimizer.param_groups, STAGES[stage]):
                group["lr"] = args.lr * lr * rate(step - before, count)
            clips, frames, side = shapes[draw.choice(len(shapes), p=odds)]
            x = crops.batch(max(1, round(clips * args.batch)), frames, side)
            x = x.to(device, memory_format=torch.channels_last_3d)
            with torch.autocast(device, torch.bfloat16):
                loss = objective(model, x, collapsed)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            if together:
                average_gradients(model)
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            average.update(model)
            losses.append(loss.item())
            step += 1
            if rank == 0 and step % 25 == 0:
                print(f"{step} {stage} loss {sum(losses[-25:]) / len(losses[-25:]):.4f} "
                      f"{(time.time() - last) / 25:.2f} s/step", flush=True)
                last = time.time()
            if rank == 0 and (step % args.check_steps == 0 or step == before + count):
                values, mean, std = check(average.model, held_out, device, collapsed)
                row = [step, stage, round(time.process_time()), round(sum(values) / len(values), 3)]
                row += [round(v, 2) for v in values] + [round(mean, 3), round(std, 3)]
                csv.writer(curve).writerow(row)
                curve.flush()
                print("check:", row, f"loss {sum(losses) / len(losses):.4f}", flush=True)
                if row[3] > best:
                    best = row[3]
                    export(average.model, out, mean, std)
                torch.save({"model": model.state_dict(), "average": average.model.state_dict(),
                            "averaged": average.steps, "optimizer": optimizer.state_dict(),
                            "step": step, "best": best}, f"{state}.part")
                os.replace(f"{state}.part", state)
                losses, last = [], time.time()
        before += count


if __name__ == "__main__":
    main()
