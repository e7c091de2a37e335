"""LSTPNet: gates and transformer against slow loops, and the names of its public files."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from harness_plugins.methods.lstpnet import Options
from harness_plugins.methods.lstpnet.gate import kernel_size, reduced
from harness_plugins.methods.lstpnet.model import LstpNet
from helpers import slow_transformer
from helpers.pixels import at_random, built, macs_of, parameters_of, pixel_task
from helpers.public_files import assert_takes_public_file
from helpers.slow_networks import attention, batch_norm, convolve, linear, norm, shortcut, stem

Weights = dict[str, Tensor]


def small() -> LstpNet:
    torch.manual_seed(4)
    return at_random(LstpNet(pixel_task(frames=3, size=32), Options(width=0.125))).eval()


def along(signal: Tensor, kernel: Tensor) -> Tensor:
    """A signal (L,) and a kernel (k,), with zeros around."""
    half = len(kernel) // 2
    out = torch.zeros_like(signal)
    for place in range(len(signal)):
        for shift, weight in enumerate(kernel):
            seen = place + shift - half
            if 0 <= seen < len(signal):
                out[place] += weight * signal[seen]
    return out


def gate_path(pooled: Tensor, w: Weights, name: str) -> Tensor:
    """Pooled channels of the frames (T, C) of a clip to one number a frame and channel."""
    spread = w[f"{name}.spread.weight"][:, 0]  # (r, k)
    maps = torch.stack([torch.stack([along(frame, kernel) for kernel in spread]) for frame in pooled])  # (T, r, C)
    maps = maps + w[f"{name}.spread.bias"][:, None]
    time = w[f"{name}.time.weight"]  # (C, C, 3)
    moved = torch.zeros_like(maps)
    for frame in range(len(pooled)):
        for shift in range(3):
            if 0 <= frame + shift - 1 < len(pooled):
                moved[frame] += maps[frame + shift - 1] @ time[:, :, shift].T
    moved = moved.relu()
    gather = w[f"{name}.gather.weight"][0]  # (r, k)
    sums = [sum(along(row, kernel) for row, kernel in zip(frame, gather, strict=True)) for frame in moved]
    return torch.stack(sums) + w[f"{name}.gather.bias"]  # type: ignore[arg-type]


def gated(maps: Tensor, w: Weights, name: str) -> Tensor:
    """Maps of a clip (T, C, h, w), weighed."""
    flat = maps.flatten(2)
    total = gate_path(flat.max(2).values, w, name) + gate_path(flat.mean(2), w, name)
    return maps * (2 / (1 + (-total).exp()))[..., None, None]


def block(maps: Tensor, w: Weights, name: str, stride: int) -> Tensor:
    seen = gated(maps, w, f"{name}.gate") if f"{name}.gate.spread.weight" in w else maps
    out = []
    for short, frame in zip(maps, seen, strict=True):
        x = batch_norm(convolve(frame, w, f"{name}.conv1", stride, 1), w, f"{name}.bn1").relu()
        x = batch_norm(convolve(x, w, f"{name}.conv2", 1, 1), w, f"{name}.bn2")
        out.append((x + shortcut(short, w, name, stride)).relu())
    return torch.stack(out)


def over_time(frames: Tensor, w: Weights, name: str) -> Tensor:
    """A convolution over time of frames (T, D), of all channels or of each its own."""
    kernel = w[f"{name}.weight"]
    padded = torch.cat([torch.zeros_like(frames[:1]), frames, torch.zeros_like(frames[:1])])
    rows = []
    for place in range(len(frames)):
        seen = padded[place : place + 3].T  # (D, 3)
        products = kernel * seen if kernel.shape[1] > 1 else kernel[:, 0] * seen
        rows.append(products.sum((1, 2)) if kernel.shape[1] > 1 else products.sum(1))
    return torch.stack(rows) + w[f"{name}.bias"]


def slow(clip: Tensor, w: Weights) -> Tensor:
    """Logits of a clip (T, 3, H, W)."""
    maps = torch.stack([stem(frame, w, "trunk.") for frame in clip])
    for layer in range(1, 5):
        for number in range(2):
            stride = 2 if layer > 1 and number == 0 else 1
            maps = block(maps, w, f"trunk.layer{layer}.{number}", stride)
    x = gated(maps, w, "trunk.gate").mean((2, 3))
    for number in range(2):
        at = f"former.layers.{number}"
        x = norm(over_time(x, w, "former.conv") + x, w, "former.norm")
        x = x + attention(norm(x, w, f"{at}.attention.fn.norm"), w, f"{at}.attention.fn.fn", 8, 64)
        x = x + feed_forward(x, w, f"{at}.feed_forward")
    return linear(x.mean(0), w, "head")


def feed_forward(x: Tensor, w: Weights, at: str) -> Tensor:
    hidden = slow_transformer.gelu(linear(norm(x, w, f"{at}.before"), w, f"{at}.linear1.0"))
    hidden = norm(hidden, w, f"{at}.linear1.2")
    hidden = slow_transformer.gelu(over_time(hidden, w, f"{at}.TC") + hidden)
    return norm(linear(norm(hidden, w, f"{at}.norm"), w, f"{at}.linear2.0"), w, f"{at}.linear2.1")


@torch.no_grad()
def test_logits_are_those_of_slow_loops() -> None:
    method = small()
    clips = torch.rand(2, 3, 3, 32, 32, dtype=torch.float64)
    w = dict(method.state_dict())
    torch.testing.assert_close(method(clips).logits, torch.stack([slow(clip, w) for clip in clips]))


@pytest.mark.parametrize(("channels", "kernel", "inner"), [(64, 3, 8), (128, 5, 16), (256, 5, 32), (512, 5, 64)])
def test_sizes_of_the_gate(channels: int, kernel: int, inner: int) -> None:
    assert (kernel_size(channels), reduced(channels)) == (kernel, inner)


@torch.no_grad()
def test_a_gate_of_zeros_leaves_maps_as_they_are() -> None:
    gate = small().trunk.gate
    for parameter in gate.parameters():
        parameter.zero_()
    maps = torch.rand(6, 64, 2, 2, dtype=torch.float64)
    assert torch.equal(gate(maps, 2), maps)


@pytest.mark.parametrize(("classes", "count"), [(7, 24_619_686), (11, 24_621_738)])
def test_parameters(classes: int, count: int) -> None:
    assert parameters_of("lstpnet", classes) == count


def test_multiply_adds() -> None:
    assert macs_of("lstpnet") / 1e9 == pytest.approx(32.9, abs=0.05)


def test_public_files_load() -> None:
    assert_takes_public_file("lstpnet")


def test_recipes() -> None:
    (stage,) = built("lstpnet", width=0.125).stages()
    assert (stage.schedule.kind, stage.label_smoothing, stage.epochs) == ("cosine", 0.1, 60)


def test_the_small_network_has_the_parts_of_the_whole() -> None:
    with torch.device("meta"):
        whole, part = built("lstpnet"), built("lstpnet", width=0.25)
    assert [(n, type(m)) for n, m in whole.named_modules()] == [(n, type(m)) for n, m in part.named_modules()]
