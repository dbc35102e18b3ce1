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
from safetensors.torch import load_file, save_file

from data import Crops, held_out_clips, psnr, training_clips
from model import Autoencoder, Resnet
from muon import Muon
from start import linear_start, protect, start_branches

CONFIG = {
    "type": "hunyuan_vae", "in_channels": 3, "out_channels": 3, "latent_channels": 16,
    "layers_per_block": 1, "norm_num_groups": 1, "block_out_channels": [16, 32, 64, 104],
    "time_compression_ratio": 4, "spatial_compression_ratio": 8,
    "mid_block_add_attention": False, "scale_factor": 1.0, "shift_factor": 0.0,
    "use_spatial_tiling": True, "use_temporal_tiling": True,
    "sample_size": 256, "sample_tsize": 32, "tile_overlap_factor": 0.125,
}
LINES = [192, 256, 384]
# Clips a step and process, frames, side; and how often each shape is drawn.
SHAPES = [((8, 9, 64), 0.15), ((4, 17, 64), 0.35), ((2, 33, 64), 0.45), ((1, 9, 192), 0.05)]
# What is fitted in turn, at what rates: of matrices (Muon), and of all else (Adam). `linear`: the
# main path alone. `inner`: with the branches from the latents to a quarter of the resolution; both
# collapse the levels at full resolution, at a fifth of the cost. `whole`: everything.
STAGES = {"linear": (1e-3, 1.5e-4), "inner": (3e-4, 5e-5), "whole": (1e-4, 2e-5)}


def arguments():
    p = argparse.ArgumentParser()
    p.add_argument("--clips", required=True, help="folder of video files")
    p.add_argument("--out", required=True, help="state, curve, best.safetensors, best.json")
    p.add_argument("--weights", help="safetensors to begin with, after a linear stage")
    p.add_argument("--cache", help="decoded frames; OUT/cache by default")
    p.add_argument("--steps", nargs=3, type=int, default=[1500, 6000, 0], metavar="N",
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
    """Which residual branches run; whether the levels at full resolution are collapsed."""
    outer = {id(m) for block in (*model.encoder.down_blocks[:2], *model.decoder.up_blocks[2:])
             for m in block.resnets}
    for m in model.modules():
        if isinstance(m, Resnet):
            m.idle = stage == "linear" or stage == "inner" and id(m) in outer
    return stage != "whole"


def optimizers(model):
    """Muon for the convolutions between the ends, Adam for the ends, shortcuts and vectors."""
    matrices, rest = [], []
    for name, p in model.named_parameters():
        is_end = "quant" in name or "shortcut" in name or name.startswith("decoder.conv_out")
        (matrices if p.ndim == 5 and not is_end else rest).append(p)
    return Muon(matrices), torch.optim.Adam(rest, lr=0.0, betas=(0.9, 0.98))


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
    mean, logvar = model.moments(x, collapsed)
    latent = mean + torch.exp(0.5 * logvar) * torch.randn_like(mean)
    y = model.decode(latent, collapsed).float()
    error = y - x
    rms = (error.square().mean((1, 2, 3, 4)) + 1e-5).sqrt().mean()
    kl = 0.5 * (mean.square() + logvar.exp() - 1 - logvar).mean()
    return rms + 1e-5 * kl


def check(model, clips, device, collapsed):
    """PSNR of every held-out clip, and the latents' mean and deviation."""
    values, latents = [], []
    with torch.no_grad():
        for x in clips.values():
            mean, _ = model.moments(x.to(device), collapsed)
            latents.append(mean.flatten())
            y = model.decode(mean.half().float(), collapsed).clamp(-1, 1).cpu()
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


class Run:
    """What is fitted and where the fit stands, kept in OUT/state.pt."""

    def __init__(self, args):
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        self.rank = int(os.environ.get("RANK", 0))
        self.is_shared = int(os.environ.get("WORLD_SIZE", 1)) > 1
        if self.is_shared:
            if self.device == "cuda":
                torch.cuda.set_device(self.rank)
            dist.init_process_group("nccl" if self.device == "cuda" else "gloo")
        self.folder = Path(args.out)
        self.folder.mkdir(parents=True, exist_ok=True)
        cache = args.cache or self.folder / "cache"
        self.crops = Crops(training_clips(args.clips, cache, LINES), args.seed)
        self.held_out = held_out_clips(args.clips, cache) if self.rank == 0 else {}
        self.curve = self.rank == 0 and open(self.folder / "curve.csv", "a", newline="")
        self.model = Autoencoder(CONFIG)
        protect(self.model)
        self.step, self.best, self.losses, self.last = 0, 0.0, [], time.time()
        saved = None
        if (self.folder / "state.pt").exists():
            saved = torch.load(self.folder / "state.pt", map_location="cpu")
            self.model.load_state_dict(saved["model"])
        elif args.weights:
            weights = load_file(args.weights)
            self.model.load_state_dict({k: v.float() for k, v in weights.items()})
        elif self.rank == 0:
            linear_start(self.model, Crops(self.crops.clips, 2))
        self.share_weights()
        self.model.to(self.device, memory_format=torch.channels_last_3d)
        self.average = Average(self.model)
        self.optimizers = optimizers(self.model)
        if saved:
            self.average.model.load_state_dict(saved["average"])
            self.average.steps = saved["averaged"]
            self.step, self.best = saved["step"], saved["best"]
            for optimizer, values in zip(self.optimizers, saved["optimizers"]):
                optimizer.load_state_dict(values)
        # Not what was drawn before a stop.
        self.crops.rng = np.random.default_rng([args.seed, self.rank, self.step])
        self.shapes_rng = np.random.default_rng(args.seed + self.step)
        self.objective = torch.compile(loss_of) if args.compile else loss_of
        self.batch_factor = args.batch

    def share_weights(self):
        """The first process's, with all."""
        if self.is_shared:
            for p in self.model.parameters():
                dist.broadcast(p.data, 0)

    def begin(self, stage):
        """The average goes on; branches that `stage` adds begin."""
        self.model.load_state_dict(self.average.model.state_dict())
        if start_branches(self.model, Crops(self.crops.clips, 3)):
            self.share_weights()
            self.average.model.load_state_dict(self.model.state_dict())

    def batch(self):
        """Clips of one of the shapes, the same shape in all processes."""
        shapes, odds = zip(*SHAPES)
        clips, frames, side = shapes[self.shapes_rng.choice(len(shapes), p=odds)]
        x = self.crops.batch(max(1, round(clips * self.batch_factor)), frames, side)
        return x.to(self.device, memory_format=torch.channels_last_3d)

    def advance(self, collapsed, rates):
        """One step."""
        for optimizer, lr in zip(self.optimizers, rates):
            optimizer.param_groups[0]["lr"] = lr
        with torch.autocast(self.device, torch.bfloat16):
            loss = self.objective(self.model, self.batch(), collapsed)
        self.model.zero_grad(set_to_none=True)
        loss.backward()
        if self.is_shared:
            average_gradients(self.model)
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        for optimizer in self.optimizers:
            optimizer.step()
        self.average.update(self.model)
        self.losses.append(loss.item())
        self.step += 1

    def tell(self, stage, steps=25):
        loss = sum(self.losses[-steps:]) / len(self.losses[-steps:])
        print(f"{self.step} {stage} loss {loss:.4f} {(time.time() - self.last) / steps:.2f} s/step",
              flush=True)
        self.last = time.time()

    def check(self, stage, collapsed):
        """Measures the average, writes it if it is the best, and keeps the state."""
        values, mean, std = check(self.average.model, self.held_out, self.device, collapsed)
        row = [self.step, stage, round(time.process_time()), round(sum(values) / len(values), 3)]
        row += [round(v, 2) for v in values] + [round(mean, 3), round(std, 3)]
        csv.writer(self.curve).writerow(row)
        self.curve.flush()
        print("check:", row, f"loss {sum(self.losses) / len(self.losses):.4f}", flush=True)
        if row[3] > self.best:
            self.best = row[3]
            export(self.average.model, self.folder, mean, std)
        torch.save({"model": self.model.state_dict(), "average": self.average.model.state_dict(),
                    "averaged": self.average.steps, "step": self.step, "best": self.best,
                    "optimizers": [optimizer.state_dict() for optimizer in self.optimizers]},
                   self.folder / "state.pt.part")
        os.replace(self.folder / "state.pt.part", self.folder / "state.pt")
        self.losses, self.last = [], time.time()


def main():
    args = arguments()
    if args.threads:
        torch.set_num_threads(args.threads)
    run = Run(args)
    before = 0
    for stage, count in zip(STAGES, args.steps):
        collapsed = set_stage(run.model, stage)
        set_stage(run.average.model, stage)
        if run.step == before and count:
            run.begin(stage)
        while run.step < before + count:
            while args.pause_file and os.path.exists(args.pause_file):
                time.sleep(2)
            scale = args.lr * rate(run.step - before, count)
            run.advance(collapsed, [scale * r for r in STAGES[stage]])
            is_last = run.step == before + count
            if run.rank == 0 and run.step % 25 == 0:
                run.tell(stage)
            if run.rank == 0 and (run.step % args.check_steps == 0 or is_last):
                run.check(stage, collapsed)
        before += count


if __name__ == "__main__":
    main()
