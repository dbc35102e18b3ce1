"""Footage: clips decoded once into a uint8 cache, random crops with augmentation."""

import json
import subprocess
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

HELD_OUT = ["dc_flipping_a_pancake.mkv", "skv_bigbuckbunny.mp4", "Wan2.1_14B_t2v.mp4",
            "Wan2.2_5B_t2v.mp4", "t2av.mp4"]


def decode(path, lines):
    """All frames of a clip, its shorter side scaled to `lines`, as uint8 [T, H, W, 3]."""
    probe = subprocess.run(
        ["ffprobe", "-v", "error", "-select_streams", "v:0", "-show_entries",
         "stream=width,height", "-of", "json", str(path)], capture_output=True, check=True)
    stream = json.loads(probe.stdout)["streams"][0]
    w, h = stream["width"], stream["height"]
    scale = lines / min(w, h)
    w, h = (max(lines, round(n * scale / 2) * 2) for n in (w, h))
    raw = subprocess.run(
        ["ffmpeg", "-v", "error", "-i", str(path), "-vf", f"scale={w}:{h}:flags=area",
         "-f", "rawvideo", "-pix_fmt", "rgb24", "-"], capture_output=True, check=True)
    return np.frombuffer(raw.stdout, np.uint8).reshape(-1, h, w, 3)


def cached(path, cache, lines):
    """decode(), kept in the folder `cache` and memory-mapped."""
    file = Path(cache) / f"{path.name}.{lines}.npy"
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        np.save(file, decode(path, lines))
    return np.load(file, mmap_mode="r")


def training_clips(folder, cache, lines):
    """Arrays of every clip not held out, at each of the given line counts."""
    paths = [p for p in sorted(Path(folder).iterdir()) if p.name not in HELD_OUT]
    return [cached(p, cache, n) for p in paths for n in lines]


def held_out_clips(folder, cache, side=256, frames=17):
    """Centre crops of the first frames, float [1, 3, T, side, side] in [-1, 1], by name."""
    result = {}
    for name in HELD_OUT:
        clip = cached(Path(folder) / name, cache, side)[:frames]
        y, x = ((n - side) // 2 for n in clip.shape[1:3])
        result[name] = to_float(clip[None, :, y:y + side, x:x + side])
    return result


def to_float(clips):
    x = torch.from_numpy(np.ascontiguousarray(clips)).permute(0, 4, 1, 2, 3)
    return x.float() / 127.5 - 1


def pan(clip, frames, side, rng):
    """A still under a smooth synthetic camera move: whole-pixel steps of constant velocity."""
    still = clip[rng.integers(len(clip))]
    h, w = still.shape[:2]
    v = rng.uniform(-3, 3, 2)
    start = [rng.integers(n - side + 1) for n in (h, w)]
    out = []
    for t in range(frames):
        y, x = (int(np.clip(s + u * t, 0, n - side)) for s, u, n in zip(start, v, (h, w)))
        out.append(still[y:y + side, x:x + side])
    return np.stack(out)


def fly(clip, patch, rng):
    """A disc of a still, `patch`, on a straight way across the clip."""
    frames, side = clip.shape[:2]
    radius = rng.uniform(0.1, 0.3) * side
    start, v = rng.uniform(0, side, 2), rng.uniform(-3, 3, 2)
    rows, columns = np.mgrid[:side, :side]
    out = clip.copy()
    for t in range(frames):
        y, x = np.round(start + v * t).astype(int)
        disc = np.hypot(rows - y, columns - x) < radius
        out[t][disc] = patch[(rows[disc] - y) % side, (columns[disc] - x) % side]
    return out


class Crops:
    """Random crops: space, time, direction, mirror, speed, sometimes a synthetic pan or a disc that
    flies across."""

    def __init__(self, clips, seed):
        self.clips = clips
        self.rng = np.random.default_rng(seed)
        self.weights = np.array([len(c) ** 0.5 for c in clips])
        self.weights /= self.weights.sum()

    def still(self, side):
        clip = self.clips[self.rng.choice(len(self.clips), p=self.weights)]
        t, y, x = (self.rng.integers(n) for n in (len(clip), *(n - side + 1 for n in clip.shape[1:3])))
        return clip[t, y:y + side, x:x + side]

    def crop(self, frames, side):
        rng = self.rng
        fits = self.weights * [len(c) >= frames and min(c.shape[1:3]) >= side for c in self.clips]
        clip = self.clips[rng.choice(len(self.clips), p=fits / fits.sum())]
        if frames > 1 and rng.random() < 0.1:
            out = pan(clip, frames, side, rng)
        else:
            step = 2 if rng.random() < 0.15 and len(clip) >= 2 * frames else 1
            t, h, w = clip.shape[:3]
            t0 = rng.integers(t - step * (frames - 1))
            y, x = (rng.integers(n - side + 1) for n in (h, w))
            out = clip[t0:t0 + step * frames:step][:frames, y:y + side, x:x + side]
        if frames > 1 and rng.random() < 0.2:
            out = fly(out, self.still(side), rng)
        if rng.random() < 0.3:
            out = out[::-1]
        if rng.random() < 0.5:
            out = out[:, :, ::-1]
        if rng.random() < 0.2:
            out = out.transpose(0, 2, 1, 3)
        return out

    def batch(self, count, frames, side):
        x = to_float(np.stack([self.crop(frames, side) for _ in range(count)]))
        gain = torch.from_numpy(self.rng.uniform(0.8, 1.1, (count, 3, 1, 1, 1))).float()
        same = torch.from_numpy(self.rng.random(count) < 0.7)
        gain[same] = 1
        return (x * gain).clamp(-1, 1)


def blocks(x):
    """Clips cut as the codec cuts them: 4x8x8 blocks, the first frame alone in front."""
    b, c, t, h, w = x.shape
    first = x[:, :, :1].reshape(b, c, h // 8, 8, w // 8, 8).permute(0, 2, 4, 1, 3, 5)
    rest = x[:, :, 1:].reshape(b, c, (t - 1) // 4, 4, h // 8, 8, w // 8, 8)
    return first.reshape(-1, c * 64), rest.permute(0, 2, 4, 6, 1, 3, 5, 7).reshape(-1, c * 256)


def unblocks(first, rest, shape):
    b, c, t, h, w = shape
    first = first.reshape(b, h // 8, w // 8, c, 1, 8, 8).permute(0, 3, 4, 1, 5, 2, 6)
    rest = rest.reshape(b, (t - 1) // 4, h // 8, w // 8, c, 4, 8, 8)
    rest = rest.permute(0, 4, 1, 5, 2, 6, 3, 7).reshape(b, c, t - 1, h, w)
    return torch.cat([first.reshape(b, c, 1, h, w), rest], 2)


class Transform:
    """Karhunen-Loève transform to 16 coefficients a block, one basis for first frames."""

    def __init__(self, sampler, clips=400, side=64):
        pairs = [blocks(sampler.batch(1, 17, side)) for _ in range(clips)]
        self.parts = [self.basis(torch.cat(part)) for part in zip(*pairs)]

    @staticmethod
    def basis(x, rank=16):
        mean = x.mean(0)
        _, vectors = torch.linalg.eigh((x - mean).T @ (x - mean) / len(x))
        return mean, vectors[:, -rank:].flip(1)

    def round_trip(self, x):
        parts = [mean + (part - mean) @ v @ v.T
                 for part, (mean, v) in zip(blocks(x), self.parts)]
        return unblocks(*parts, x.shape)


def psnr(a, b):
    """Of values in [-1, 1], in dB over a whole clip."""
    return 10 * torch.log10(4 / (a - b).square().mean()).item()
