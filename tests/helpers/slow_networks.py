"""Parts of networks written out for one sequence or one map, with plain products and loops, from a state dict.

Nothing of the project's networks is used; `w` is a state dict and `name` a prefix in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from math import pi, sqrt

import torch
from torch import Tensor
from torch.nn import functional as F

from helpers.slow_transformer import layer_norm

Weights = Mapping[str, Tensor]


def gelu(x: Tensor) -> Tensor:
    """The approximation by the hyperbolic tangent."""
    return 0.5 * x * (1 + torch.tanh(sqrt(2 / pi) * (x + 0.044715 * x**3)))


def linear(x: Tensor, w: Weights, name: str) -> Tensor:
    out = x @ w[f"{name}.weight"].T
    return out + w[f"{name}.bias"] if f"{name}.bias" in w else out


def prenorm(x: Tensor, w: Weights, name: str, heads: int, head_width: int) -> Tensor:
    """All layers that stand at `name` on one sequence (L, D)."""
    depth = 0
    while f"{name}.layers.{depth}.0.fn.norm.weight" in w:
        at = f"{name}.layers.{depth}"
        x = x + attention(norm(x, w, f"{at}.0.fn.norm"), w, f"{at}.0.fn.fn", heads, head_width)
        hidden = gelu(linear(norm(x, w, f"{at}.1.fn.norm"), w, f"{at}.1.fn.fn.net.0"))
        x = x + linear(hidden, w, f"{at}.1.fn.fn.net.3")
        depth += 1
    return x


def norm(x: Tensor, w: Weights, name: str) -> Tensor:
    return torch.stack([layer_norm(row, w[f"{name}.weight"], w[f"{name}.bias"]) for row in x])


def attention(x: Tensor, w: Weights, name: str, heads: int, head_width: int) -> Tensor:
    inner = heads * head_width
    packed = x @ w[f"{name}.to_qkv.weight"].T
    parts = []
    for head in range(heads):
        own = slice(head * head_width, (head + 1) * head_width)
        q, k, v = (packed[:, start : start + inner][:, own] for start in (0, inner, 2 * inner))
        scores = (q @ k.T / sqrt(head_width)).exp()
        parts.append(scores / scores.sum(1, keepdim=True) @ v)
    return linear(torch.cat(parts, 1), w, f"{name}.to_out.0")


def batch_norm(x: Tensor, w: Weights, name: str, eps: float = 1e-5) -> Tensor:
    """Of one map (D, ...), as in evaluation."""
    mean, variance, weight, bias = (
        w[f"{name}.{part}"].view(-1, *[1] * (x.ndim - 1)) for part in ("running_mean", "running_var", "weight", "bias")
    )
    return (x - mean) / (variance + eps) ** 0.5 * weight + bias


def convolve(x: Tensor, w: Weights, name: str, stride: int = 1, padding: int = 0) -> Tensor:
    """One map (D, H, W), place by place."""
    kernel = w[f"{name}.weight"]
    x = F.pad(x, [padding] * 4)
    high, wide = ((size - kernel.shape[-1]) // stride + 1 for size in x.shape[1:])
    out = torch.empty(len(kernel), high, wide, dtype=x.dtype)
    for i in range(high):
        for j in range(wide):
            seen = x[:, i * stride : i * stride + kernel.shape[2], j * stride : j * stride + kernel.shape[3]]
            out[:, i, j] = (kernel * seen).sum((1, 2, 3))
    return out if f"{name}.bias" not in w else out + w[f"{name}.bias"].view(-1, 1, 1)


def pool(x: Tensor, size: int = 3, stride: int = 2, padding: int = 1) -> Tensor:
    """The largest value of each window of a map (D, H, W)."""
    x = F.pad(x, [padding] * 4, value=-torch.inf)
    return x.unfold(1, size, stride).unfold(2, size, stride).amax((-2, -1))


def basic_block(x: Tensor, w: Weights, name: str, stride: int = 1) -> Tensor:
    out = batch_norm(convolve(x, w, f"{name}.conv1", stride, 1), w, f"{name}.bn1").relu()
    out = batch_norm(convolve(out, w, f"{name}.conv2", 1, 1), w, f"{name}.bn2")
    return (out + shortcut(x, w, name, stride)).relu()


def shortcut(x: Tensor, w: Weights, name: str, stride: int) -> Tensor:
    if f"{name}.downsample.0.weight" not in w:
        return x
    return batch_norm(convolve(x, w, f"{name}.downsample.0", stride), w, f"{name}.downsample.1")


def stem(x: Tensor, w: Weights, prefix: str = "") -> Tensor:
    """ResNet's: a frame (3, H, W) to a map."""
    return pool(batch_norm(convolve(x, w, f"{prefix}conv1", 2, 3), w, f"{prefix}bn1").relu())


def stage(x: Tensor, w: Weights, name: str, stride: int) -> Tensor:
    """Basic blocks one after the other, the first with the stride."""
    number = 0
    while f"{name}.{number}.conv1.weight" in w:
        x = basic_block(x, w, f"{name}.{number}", 1 if number else stride)
        number += 1
    return x


def trunk(x: Tensor, w: Weights, prefix: str = "", stages: int = 4) -> Tensor:
    """ResNet's stem and stages on a frame (3, H, W)."""
    x = stem(x, w, prefix)
    for number in range(1, stages + 1):
        x = stage(x, w, f"{prefix}layer{number}", 1 if number == 1 else 2)
    return x


def twin_stem(x: Tensor, w: Weights, prefix: str) -> Tensor:
    """Two 3x3 convolutions and a pool on a frame (3, H, W)."""
    out = batch_norm(convolve(x, w, f"{prefix}convolutions.0", 2, 1), w, f"{prefix}convolutions.1").relu()
    return pool(batch_norm(convolve(out, w, f"{prefix}convolutions.3", 1, 1), w, f"{prefix}norm").relu())


def dynamic_static(maps: list[Tensor], w: Weights, name: str) -> list[Tensor]:
    """Maps (D, h, w) of T frames to T - 1 steps."""
    steps = []
    for now, later in pairwise(maps):
        change = stage(later - now, w, f"{name}.dynamic", 2)
        halved = batch_norm(convolve(now, w, f"{name}.patches.0", 2, 1), w, f"{name}.patches.1").relu()
        tokens = halved.flatten(1).T + w[f"{name}.positions"][0]
        placed = prenorm(tokens, w, f"{name}.static", 4, 32).T.reshape(halved.shape)
        steps.append((change + placed).flatten())
    return steps


def lstm(sequence: Tensor, w: Weights, name: str) -> Tensor:
    """States (T, H) of the last layer, gates in the order input, forget, cell, output."""
    number = 0
    while f"{name}.weight_ih_l{number}" in w:
        hidden = cell = torch.zeros(w[f"{name}.weight_hh_l{number}"].shape[1], dtype=sequence.dtype)
        states = []
        for x in sequence:
            gates = _gates(x, w, f"{name}.weight_ih_l{number}") + _gates(hidden, w, f"{name}.weight_hh_l{number}")
            i, f, g, o = gates.chunk(4)
            cell = f.sigmoid() * cell + i.sigmoid() * g.tanh()
            hidden = o.sigmoid() * cell.tanh()
            states.append(hidden)
        sequence = torch.stack(states)
        number += 1
    return sequence


def gru(sequence: Tensor, w: Weights, name: str) -> Tensor:
    """States (T, H) of one layer, gates in the order reset, update, new."""
    hidden = torch.zeros(w[f"{name}.weight_hh_l0"].shape[1], dtype=sequence.dtype)
    states = []
    for x in sequence:
        seen, kept = _gates(x, w, f"{name}.weight_ih_l0").chunk(3), _gates(hidden, w, f"{name}.weight_hh_l0").chunk(3)
        reset, update = ((a + b).sigmoid() for a, b in zip(seen[:2], kept[:2], strict=True))
        new = (seen[2] + reset * kept[2]).tanh()
        hidden = (1 - update) * new + update * hidden
        states.append(hidden)
    return torch.stack(states)


def _gates(x: Tensor, w: Weights, name: str) -> Tensor:
    return w[name] @ x + w[name.replace("weight", "bias")]
