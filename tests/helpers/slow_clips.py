"""Parts of networks of clips written out for one clip (D, T, H, W), with plain products, from a state dict."""

from __future__ import annotations

from itertools import product

import torch
from torch import Tensor
from torch.nn import functional as F

from helpers.slow_networks import Weights, batch_norm

Sizes = tuple[int, int, int]


def convolve(
    x: Tensor,
    w: Weights,
    name: str,
    stride: Sizes = (1, 1, 1),
    padding: Sizes = (0, 0, 0),
) -> Tensor:
    """Place by place: at each, the kernel times what it sees."""
    kernel = w[f"{name}.weight"]
    x = F.pad(x, [both for side in reversed(padding) for both in (side, side)])
    sizes = [(n - k) // s + 1 for n, k, s in zip(x.shape[1:], kernel.shape[2:], stride, strict=True)]
    out = torch.empty(len(kernel), *sizes, dtype=x.dtype)
    for place in product(*map(range, sizes)):
        starts = [at * step for at, step in zip(place, stride, strict=True)]
        t, i, j = (slice(start, start + k) for start, k in zip(starts, kernel.shape[2:], strict=True))
        out[(slice(None), *place)] = kernel.flatten(1) @ x[:, t, i, j].flatten()
    return out if f"{name}.bias" not in w else out + w[f"{name}.bias"].view(-1, 1, 1, 1)


def pool(
    x: Tensor,
    size: Sizes,
    stride: Sizes,
    padding: Sizes = (0, 0, 0),
    fill: float = -torch.inf,
) -> Tensor:
    """The largest value of each window."""
    x = F.pad(x, [both for side in reversed(padding) for both in (side, side)], value=fill)
    for dimension, (width, step) in enumerate(zip(size, stride, strict=True), start=1):
        x = x.unfold(dimension, width, step)
    return x.amax((-3, -2, -1))


def normed(x: Tensor, w: Weights, conv: str, norm: str, stride: Sizes = (1, 1, 1), eps: float = 1e-5) -> Tensor:
    """A convolution that keeps the size but for its stride, and its batch norm."""
    padding: Sizes = tuple(k // 2 for k in w[f"{conv}.weight"].shape[2:])  # type: ignore[assignment]
    return batch_norm(convolve(x, w, conv, stride, padding), w, norm, eps)


def resnet(x: Tensor, w: Weights, prefix: str, halved: bool = False) -> Tensor:
    """Features (D,) of 3D ResNet-18; a stem that pools halves time and space once more."""
    x = normed(x, w, f"{prefix}stem.0", f"{prefix}stem.1", (1, 2, 2)).relu()
    if halved:
        x = pool(x, (3, 3, 3), (2, 2, 2), (1, 1, 1))
    for number, block in product((1, 2, 3, 4), (0, 1)):
        at, step = f"{prefix}layer{number}.{block}", 2 if number > 1 and block == 0 else 1
        out = normed(x, w, f"{at}.conv1.0", f"{at}.conv1.1", (step, step, step)).relu()
        out = normed(out, w, f"{at}.conv2.0", f"{at}.conv2.1")
        if step == 2:
            x = normed(x, w, f"{at}.downsample.0", f"{at}.downsample.1", (2, 2, 2))
        x = (out + x).relu()
    return x.mean((1, 2, 3))
