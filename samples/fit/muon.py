"""Momentum with orthogonal steps: Jordan et al., "Muon: an optimizer for hidden layers in neural
networks" (2024). A step changes no direction of a matrix more than the others, which the small
signals of an autoencoder need."""

import torch


def orthogonal(x, iterations=5):
    """About U V^T of x = U S V^T, by Newton and Schulz."""
    a, b, c = 3.4445, -4.7750, 2.0315
    x = x.bfloat16()
    x = x / (x.norm() + 1e-7)
    is_tall = x.shape[0] > x.shape[1]
    if is_tall:
        x = x.T
    for _ in range(iterations):
        square = x @ x.T
        x = a * x + (b * square + c * square @ square) @ x
    return (x.T if is_tall else x).float()


class Muon(torch.optim.Optimizer):
    """For convolutions' weights, as matrices [out, in * taps]. `lr` is the step's spectral norm."""

    def __init__(self, params, lr=0.0, momentum=0.95):
        super().__init__(params, {"lr": lr, "momentum": momentum})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    continue
                state = self.state[p]
                if not state:
                    state["average"] = torch.zeros_like(p)
                state["average"].lerp_(p.grad, 1 - group["momentum"])
                ahead = torch.lerp(p.grad, state["average"], group["momentum"])
                p.sub_(group["lr"] * orthogonal(ahead.flatten(1)).view_as(p))
