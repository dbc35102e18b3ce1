#!/usr/bin/env python3
"""Compares vaecodec with PyTorch on this machine: speed, memory and agreement of one model.

    pip install torch diffusers safetensors        # in a virtual environment of its own
    samples/compare_pytorch.py --family hunyuan_vae --threads 2

Both sides run the same random checkpoint of the published size, untiled, alternating; times are
medians. Peers: diffusers' AutoencoderKLHunyuanVideo (frame-wise tiling off) and AutoencoderKL, and
for the Video DC-AE, which diffusers lacks, the definition in Tests/ModelsTests/Fixtures. Prints a
table in Markdown. Errors are max|a-b| / max|b| against PyTorch in float32; peak memory is each
process's high-water mark, weights included, one process for each pass. Quick try: --size 64x64.
"""

import argparse
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
FRAMES = {"hunyuan_vae": 17, "autoencoder_2d": 4, "dc_ae": 8}
PASSES = ("encode", "decode")
DTYPES = {"f32": "float32", "bf16": "bfloat16"}

# The parent process stays small, for what a child inherits counts in its peak memory: PyTorch is
# imported by the workers alone.


# The peers ---------------------------------------------------------------------------------------


class Causal3D:
    """diffusers' AutoencoderKLHunyuanVideo, whose tensors have the reference's names."""

    def __init__(self, config, tensors, dtype):
        from diffusers import AutoencoderKLHunyuanVideo

        names = ["block_out_channels", "layers_per_block", "latent_channels", "norm_num_groups"]
        names += ["spatial_compression_ratio", "temporal_compression_ratio"]
        if "time_compression_ratio" in config:
            config = config | {"temporal_compression_ratio": config["time_compression_ratio"]}
        self.scale = config.get("scale_factor", 0.476986)
        self.shift = config.get("shift_factor", 0.0)
        self.model = AutoencoderKLHunyuanVideo(**{n: config[n] for n in names if n in config})
        self.model.use_framewise_encoding = self.model.use_framewise_decoding = False
        self.model = loaded(self.model, tensors, dtype)

    def encode(self, x):
        return self.scale * (self.model.encode(x).latent_dist.mode() - self.shift)

    def decode(self, z):
        return self.model.decode(z / self.scale + self.shift).sample


class Image2D:
    """diffusers' AutoencoderKL; its tensors have other names than the reference's."""

    def __init__(self, config, tensors, dtype):
        from diffusers import AutoencoderKL

        widths = [config.get("ch", 128) * m for m in config.get("ch_mult", [1, 2, 4, 4])]
        self.scale = config.get("scale_factor", 0.3611)
        self.shift = config.get("shift_factor", 0.1159)
        model = AutoencoderKL(
            block_out_channels=widths,
            layers_per_block=config.get("num_res_blocks", 2),
            latent_channels=config.get("z_channels", 16),
            down_block_types=["DownEncoderBlock2D"] * len(widths),
            up_block_types=["UpDecoderBlock2D"] * len(widths),
            use_quant_conv=False,
            use_post_quant_conv=False,
        )
        tensors = {self.renamed(name, len(widths)): value for name, value in tensors.items()}
        for name, value in tensors.items():
            if ".attentions." in name and value.ndim == 4:
                tensors[name] = value[:, :, 0, 0]
        self.model = loaded(model, tensors, dtype)

    @staticmethod
    def renamed(name, levels):
        name = re.sub(r"up\.(\d+)\.", lambda m: f"up_blocks.{levels - 1 - int(m[1])}.", name)
        for pattern, replacement in [
            (r"down\.(\d+)\.", r"down_blocks.\1."),
            (r"\.block\.(\d+)\.", r".resnets.\1."),
            (r"\.(down|up)sample\.", r".\1samplers.0."),
            (r"mid\.block_1\.", "mid_block.resnets.0."),
            (r"mid\.block_2\.", "mid_block.resnets.1."),
            (r"mid\.attn_1\.norm\.", "mid_block.attentions.0.group_norm."),
            (r"mid\.attn_1\.([qkv])\.", r"mid_block.attentions.0.to_\1."),
            (r"mid\.attn_1\.proj_out\.", "mid_block.attentions.0.to_out.0."),
            (r"nin_shortcut", "conv_shortcut"),
            (r"coder\.norm_out", "coder.conv_norm_out"),
        ]:
            name = re.sub(pattern, replacement, name)
        return name

    def by_frame(self, run, x):
        import torch

        return torch.stack([run(frame) for frame in x.unbind(2)], 2)

    def encode(self, x):
        mode = self.by_frame(lambda frame: self.model.encode(frame).latent_dist.mode(), x)
        return self.scale * (mode - self.shift)

    def decode(self, z):
        return self.by_frame(lambda frame: self.model.decode(frame).sample, z / self.scale + self.shift)


class VideoDCAE:
    """The definition that the tests' fixtures were made with."""

    DEFAULTS = {
        "encoder": {"width_list": [128, 256, 512, 512, 1024, 1024], "depth_list": [2, 2, 2, 3, 3, 3]},
        "decoder": {"width_list": [128, 256, 512, 512, 1024, 1024], "depth_list": [3] * 6},
    }

    def __init__(self, config, tensors, dtype):
        sys.path.insert(0, str(ROOT / "Tests/ModelsTests/Fixtures"))
        import reference

        # The fixtures' definition widens every weight to float32; here they keep their type.
        reference.Weights.__getitem__ = lambda w, name: w.tensors[w.prefix + str(name)]
        reference.Weights.get = lambda w, name: w.tensors.get(w.prefix + name)
        in_time = [False, False, False, True, True, False]
        sides = {
            side: {"temporal_downsample": in_time, "temporal_upsample": in_time}
            | self.DEFAULTS[side]
            | config.get(side, {})
            for side in ("encoder", "decoder")
        }
        tensors = {name: channels_last(value.to(dtype)) for name, value in tensors.items()}
        self.model = reference.DCAE(sides | {"scaling_factor": config.get("scaling_factor", 1)}, tensors)

    def encode(self, x):
        return self.model.scaled(self.model.encode(x)[0])

    def decode(self, z):
        return self.model.decode(z)


PEERS = {"hunyuan_vae": Causal3D, "autoencoder_2d": Image2D, "dc_ae": VideoDCAE}


def channels_last(x):
    import torch

    formats = {4: torch.channels_last, 5: torch.channels_last_3d}
    return x.contiguous(memory_format=formats.get(x.ndim, torch.contiguous_format))


def loaded(model, tensors, dtype):
    model.load_state_dict(tensors)
    model = model.to(dtype).eval()
    for parameter in model.parameters():
        parameter.data = channels_last(parameter.data)
    return model


# Workers -----------------------------------------------------------------------------------------


def serve(family, config, checkpoint, dtype, which, source, target):
    """Runs one pass for every line on standard input, and answers with its seconds."""
    import torch
    from safetensors.torch import load_file, save_file

    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    peer = PEERS[family](json.loads(config), load_file(checkpoint), getattr(torch, dtype))
    tensors = load_file(source)
    x = next(tensors[name] for name in ("x", "latents") if name in tensors)
    x = channels_last(x[None].to(getattr(torch, dtype)))
    for _ in sys.stdin:
        start = time.monotonic()
        with torch.no_grad():
            y = getattr(peer, which)(x)
        seconds = time.monotonic() - start
        save_file({"y": y[0].float().contiguous()}, target)
        status = pathlib.Path("/proc/self/status").read_text()
        peak = int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) * 1024
        print(json.dumps({"seconds": seconds, "peak": peak}), flush=True)


def make_input(path, frames, height, width):
    import torch
    from safetensors.torch import save_file

    torch.manual_seed(0)
    coarse = torch.randn(1, 3, frames, height // 8 + 1, width // 8 + 1)
    x = torch.nn.functional.interpolate(coarse, (frames, height, width), mode="trilinear")[0]
    save_file({"x": (0.5 * x + 0.1 * torch.randn_like(x)).clamp(-1, 1).contiguous()}, path)


def error(path, reference):
    from safetensors.torch import load_file

    a, b = (next(iter(load_file(p).values())).float() for p in (path, reference))
    assert a.shape == b.shape, f"{path}: {list(a.shape)}, expected {list(b.shape)}"
    print(((a - b).abs().max() / b.abs().max()).item())


# The comparison ----------------------------------------------------------------------------------


class PyTorch:
    """A worker that stays loaded between its runs."""

    def __init__(self, options, dtype, which, source, target):
        self.target = target
        command = [sys.executable, __file__, "serve", options.family, options.settings]
        command += [options.checkpoint, DTYPES[dtype], which, source, target]
        self.process = subprocess.Popen(
            [str(part) for part in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env=os.environ | {"OMP_NUM_THREADS": str(options.threads)},
        )

    def run(self):
        self.process.stdin.write("run\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise RuntimeError(f"the PyTorch worker ended with status {self.process.wait()}")
        result = json.loads(answer)
        return result["seconds"], result["peak"]

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Vaecodec:
    """A new process for every run, timed by itself: the median of three runs behind one that is not
    counted. (The PyTorch worker is warm from its second run on.)"""

    def __init__(self, options, dtype, which, source, target):
        self.target = target
        model = ["--model", options.checkpoint, "--precision", dtype, "--threads", options.threads]
        model += ["--config", options.config] if options.config else []
        size = ["--size", options.size, "--frames", options.frames]
        self.bench = ["bench", *model, *size, "--no-tiling", "--only", which, "--runs", 3, "--json"]
        self.command = [which, source, "-o", target, *model, "--no-tiling", "--overwrite", "-q"]
        self.command += ["--dtype", "f32"] if which == "encode" else []
        self.program = options.vaecodec
        self.call(self.command)

    def call(self, arguments):
        command = [str(part) for part in [self.program, *arguments]]
        return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout

    def run(self):
        result = json.loads(self.call(self.bench))
        return result["passes"][0]["seconds"], result["peakMemory"]

    def close(self):
        pass


def compare(options, which, source):
    """Rows of the table for one pass, and the path of vaecodec's float32 output."""
    work = options.work
    sides = {}
    for name, kind in [("PyTorch", PyTorch), ("vaecodec", Vaecodec)]:
        for dtype in options.dtypes:
            target = work / f"{options.family}.{which}.{name}.{dtype}.safetensors"
            sides[name, dtype] = kind(options, dtype, which, source, target)
    times = {side: [] for side in sides}
    peaks = {}
    for _ in range(options.runs):
        for side, runner in sides.items():
            seconds, peaks[side] = runner.run()
            times[side].append(seconds)
            print(f"{which} {' '.join(side)}: {seconds:.2f} s", file=sys.stderr)
    rows = []
    medians = {side: statistics.median(values) for side, values in times.items()}
    for side, runner in sides.items():
        runner.close()
        ratios = [
            f"{medians['PyTorch', dtype] / medians[side]:.2f}×" if ("PyTorch", dtype) in medians else "–"
            for dtype in DTYPES
        ]
        output = error_of(runner.target, sides["PyTorch", "f32"].target)
        cells = [which, *side, f"{medians[side]:.2f}", *ratios, f"{output:.1e}"]
        rows.append(cells + [f"{peaks[side] / 2**30:.2f}"])
    return rows, sides["vaecodec", "f32"].target


def error_of(path, reference):
    command = [sys.executable, __file__, "error", str(path), str(reference)]
    return float(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)


def processor():
    try:
        names = re.findall(r"model name\s*:\s*(.*)", pathlib.Path("/proc/cpuinfo").read_text())
    except OSError:
        names = []
    return names[0] if names else "unknown processor"


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--family", choices=PEERS, default="hunyuan_vae")
    parser.add_argument("--vaecodec", default=ROOT / ".build/release/vaecodec", type=pathlib.Path)
    parser.add_argument("--checkpoint", help="instead of a random one of the published size")
    parser.add_argument("--config", help="configuration of --checkpoint")
    parser.add_argument("--size", default="256x256")
    parser.add_argument("--frames", type=int, help="default: 17, 4 or 8 by family")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--dtypes", nargs="+", choices=DTYPES, default=list(DTYPES))
    parser.add_argument("--work", default=ROOT / "samples/out/compare", type=pathlib.Path)
    options = parser.parse_args()

    options.frames = options.frames or FRAMES[options.family]
    options.dtypes = sorted({"f32", *options.dtypes}, reverse=True)
    options.settings = pathlib.Path(options.config).read_text() if options.config else "{}"
    options.work.mkdir(parents=True, exist_ok=True)
    if not options.checkpoint:
        options.checkpoint = options.work / f"{options.family}.safetensors"
        if not options.checkpoint.exists():
            make = [options.vaecodec, "models", "--make", options.family, "-o", options.checkpoint]
            subprocess.run([str(part) for part in make], check=True, stdout=sys.stderr)
    x = options.work / f"{options.family}.x.safetensors"
    width, height = options.size.split("x")
    arguments = [str(x), str(options.frames), height, width]
    subprocess.run([sys.executable, __file__, "input", *arguments], check=True)

    encoded, latents = compare(options, "encode", x)
    decoded, _ = compare(options, "decode", latents)
    print(f"{options.family}, {options.frames}×{options.size}, untiled, {options.threads} threads, ", end="")
    print(f"{processor()}, medians of {options.runs}:\n")
    head = ["pass", "program", "type", "seconds", "PyTorch f32 / it", "PyTorch bf16 / it"]
    head += ["error", "peak GiB"]
    for cells in [head, ["---"] * len(head), *encoded, *decoded]:
        print(f"| {' | '.join(cells)} |")


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["serve", *arguments]:
            serve(*arguments)
        case ["input", path, *sizes]:
            make_input(path, *map(int, sizes))
        case ["error", path, reference]:
            error(path, reference)
        case _:
            main()
