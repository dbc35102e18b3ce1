"""Writes the files of this folder. Needs PyTorch; run it here."""

import collections
import os

import torch

values = torch.arange(24.0).reshape(2, 3, 4)

torch.save(values, "bare.pt")
torch.save(values, "legacy.pt", _use_new_zipfile_serialization=False)
torch.save({"latents": values.double()}, "protocol4.pt", pickle_protocol=4)
torch.save(
    {
        "epoch": 3,
        "lr": 1e-4,
        "state_dict": collections.OrderedDict(
            {
                "vae.half": values.half(),
                "vae.bfloat": values.bfloat16(),
                "vae.transposed": values.permute(2, 0, 1),
                "vae.part": values[1, 1:, ::2],
                "vae.parameter": torch.nn.Parameter(values[0, 0]),
                "vae.scalar": torch.tensor(7.0),
                "vae.empty": torch.zeros(0, 5),
            }
        ),
    },
    "state_dict.pt",
)
torch.save({"model": torch.nn.Linear(2, 1).state_dict(), "steps": {1: torch.tensor([5])}}, "nested.pt")
torch.save(torch.ones(1).expand(1000, 1000), "expanded.pt")
torch.save({"notes": ["no", "tensors"]}, "nothing.pt")


class Evil:
    def __reduce__(self):
        return os.system, ("touch evil",)


torch.save({"weights": values, "evil": Evil()}, "evil.pt")
