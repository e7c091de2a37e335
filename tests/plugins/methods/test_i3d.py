"""I3D: counts, equations, files."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from harness_plugins.methods.i3d import Options
from harness_plugins.methods.i3d.model import MIXED, I3d, same_padded
from helpers import slow_clips as slow
from helpers.pixels import at_random, built, macs_of, parameters_of, pixel_task
from helpers.public_files import assert_takes_public_file
from helpers.slow_networks import Weights, batch_norm
from helpers.trees import assert_same_tree

Sizes = tuple[int, int, int]


def padded(x: Tensor, kernel: Sizes, stride: Sizes) -> Tensor:
    """Zeros, so that each size becomes itself over the stride, rounded up; the smaller half in front."""
    for axis, (k, s) in enumerate(zip(kernel, stride, strict=True), start=1):
        size = x.shape[axis]
        total = max(k - s, 0) if size % s == 0 else max(k - size % s, 0)
        before, after = list(x.shape), list(x.shape)
        before[axis], after[axis] = total // 2, total - total // 2
        x = torch.cat([x.new_zeros(before), x, x.new_zeros(after)], axis)
    return x


def unit(x: Tensor, w: Weights, name: str, stride: int = 1) -> Tensor:
    kernel: Sizes = tuple(w[f"{name}.conv3d.weight"].shape[2:])  # type: ignore[assignment]
    steps = (stride, stride, stride)
    x = slow.convolve(padded(x, kernel, steps), w, f"{name}.conv3d", steps)
    return batch_norm(x, w, f"{name}.bn", 1e-3).relu()


def pooled(x: Tensor, kernel: Sizes, stride: Sizes) -> Tensor:
    return slow.pool(padded(x, kernel, stride), kernel, stride)


def logits(clip: Tensor, w: Weights) -> Tensor:
    """The network's description for frames (T, 3, H, W)."""
    x = unit(clip.transpose(0, 1), w, "Conv3d_1a_7x7", 2)
    x = pooled(x, (1, 3, 3), (1, 2, 2))
    x = unit(unit(x, w, "Conv3d_2b_1x1"), w, "Conv3d_2c_3x3")
    x = pooled(x, (1, 3, 3), (1, 2, 2))
    for name in MIXED:
        if name == "4b":
            x = pooled(x, (3, 3, 3), (2, 2, 2))
        if name == "5b":
            x = pooled(x, (2, 2, 2), (2, 2, 2))
        at = f"Mixed_{name}"
        branches = [
            unit(x, w, f"{at}.b0"),
            unit(unit(x, w, f"{at}.b1a"), w, f"{at}.b1b"),
            unit(unit(x, w, f"{at}.b2a"), w, f"{at}.b2b"),
            unit(pooled(x, (3, 3, 3), (1, 1, 1)), w, f"{at}.b3b"),
        ]
        x = torch.cat(branches)
    return w["logits.conv3d.weight"].flatten(1) @ x.mean((1, 2, 3)) + w["logits.conv3d.bias"]


@torch.no_grad()
@pytest.mark.parametrize(("frames", "size"), [(8, 32), (5, 37)])
def test_logits_equal_a_slow_reference(frames: int, size: int) -> None:
    torch.manual_seed(0)
    method = at_random(I3d(pixel_task(frames=frames, size=size), Options(width=0.01))).eval()
    clip = torch.rand(1, frames, 3, size, size, dtype=torch.double)
    torch.testing.assert_close(method(clip).logits[0], logits(clip[0], method.state_dict()))


@pytest.mark.parametrize(("size", "step"), [(7, 1), (8, 2), (9, 2), (10, 3)])
def test_zeros_around_let_each_size_become_itself_over_the_stride(size: int, step: int) -> None:
    maps = torch.ones(1, 1, size, size, size)
    found = F.max_pool3d(same_padded(maps, (3, 3, 3), (step,) * 3), 3, step)
    assert found.shape[2:] == (math.ceil(size / step),) * 3


@pytest.mark.parametrize(("classes", "count"), [(7, 12_294_439), (11, 12_298_539)])
def test_parameters(classes: int, count: int) -> None:
    assert parameters_of("i3d", classes) == count


@pytest.mark.parametrize(("size", "gmacs"), [(224, 27.788), (112, 6.983)])
def test_multiply_adds(size: int, gmacs: float) -> None:
    assert macs_of("i3d", **{"input.size": size}) / 1e9 == pytest.approx(gmacs, abs=5e-4)


def test_public_files_fit_in_their_order() -> None:
    assert_takes_public_file("i3d")
    assert next(iter(built("i3d", width=0.125).state_dict())) == "logits.conv3d.weight"


def test_the_demo_trains_the_same_network() -> None:
    assert_same_tree("i3d")
