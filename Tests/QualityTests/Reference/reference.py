"""Prints the figures that the tests compare with.

Needs numpy, torch, scikit-image and pytorch_msssim. The pictures are those of TestPictures.swift.
"""

import numpy as np
import torch
from pytorch_msssim import ms_ssim
from skimage.metrics import structural_similarity


def pictures(width, height, t):
    c, y, x = np.meshgrid(np.arange(3), np.arange(height), np.arange(width), indexing="ij")
    source = (3 * x + 5 * y + 40 * c + 7 * t + ((x * y) >> 3)) & 255
    noise = (7 * x + 13 * y + 5 * t + 3 * c) % 17 - 8
    return source.astype(np.uint8), np.clip(source + (t + 1) * noise, 0, 255).astype(np.uint8)


for width, height in [(11, 11), (33, 21), (64, 48), (192, 176)]:
    ssim, msssim, mse, change = [], [], [], []
    before = None
    for t in range(3):
        a, b = pictures(width, height, t)
        ssim.append(
            structural_similarity(
                a, b, gaussian_weights=True, sigma=1.5, use_sample_covariance=False,
                data_range=255, channel_axis=0,
            )
        )
        if min(width, height) >= 176:
            a64, b64 = (torch.from_numpy(v[None].astype(np.float64)) for v in (a, b))
            msssim.append(ms_ssim(a64, b64, data_range=255).item())
        error = b.astype(float) - a
        mse.append((error**2).mean())
        if before is not None:
            change.append(((error - before) ** 2).mean())
        before = error
    psnr = 10 * np.log10(255**2 / np.array(mse))
    print(f"{width}x{height}")
    print("  ssim per frame", np.array(ssim).tolist(), "mean", np.mean(ssim))
    print("  msssim per frame", msssim)
    print("  psnr per frame", psnr.tolist(), "of the mean", 10 * np.log10(255**2 / np.mean(mse)))
    print("  temporal error", np.sqrt(np.mean(change)))
