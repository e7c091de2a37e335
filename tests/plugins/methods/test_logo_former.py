"""LOGO-Former and STT against slow loops, and their losses."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from harness import BadOption
from harness_plugins.methods.logo_former import LogoOptions, SttOptions
from harness_plugins.methods.logo_former.compact import CompactMethod
from harness_plugins.methods.logo_former.logo import LogoFormer
from harness_plugins.methods.logo_former.losses import asymmetric, class_divergence, pair_divergence
from harness_plugins.methods.logo_former.stt import Stt
from helpers.pixels import at_random, batch_of, built, macs_of, parameters_of, pixel_task
from helpers.slow_networks import linear, norm
from helpers.slow_transformer import gelu, layer_norm

FRAMES, HEADS = 4, 8
Weights = dict[str, Tensor]


def logo(**options: Any) -> LogoFormer:
    torch.manual_seed(6)
    task = pixel_task(frames=FRAMES, size=32)
    return at_random(LogoFormer(task, LogoOptions(**{"width": 0.125, "window_frames": 2, "depth": 2, **options})))


def stt(**options: Any) -> Stt:
    torch.manual_seed(6)
    return at_random(Stt(pixel_task(frames=FRAMES, size=32), SttOptions(**{"width": 0.125, "depth": 2, **options})))


def look(tokens: Tensor, seen: Tensor, w: Weights, name: str) -> Tensor:
    """Each token (L, D) looks at tokens (S, D), head by head."""
    width = tokens.shape[1]
    q = tokens @ w[f"{name}.query.weight"].T
    k, v = (seen @ w[f"{name}.key_value.weight"].T).split(width, 1)
    mixed = []
    for head in range(HEADS):
        own = slice(head * width // HEADS, (head + 1) * width // HEADS)
        scores = (q[:, own] @ k[:, own].T / (width // HEADS) ** 0.5).exp()
        mixed.append(scores / scores.sum(1, keepdim=True) @ v[:, own])
    return linear(torch.cat(mixed, 1), w, f"{name}.out")


def feed(tokens: Tensor, w: Weights, name: str) -> Tensor:
    hidden = gelu(linear(norm(tokens, w, f"{name}.0"), w, f"{name}.1"))
    return linear(hidden, w, f"{name}.3")


def maps_of(method: LogoFormer | Stt, clip: Tensor) -> Tensor:
    """Places of each frame of a clip, (T, N, D), row by row."""
    return method.maps.project(method.maps.trunk(clip)).flatten(2).transpose(1, 2)


def slow_logo(method: LogoFormer, clip: Tensor) -> Tensor:
    """Logits of a clip (T, 3, H, W), windows of two frames, a token of global attention for each place of two."""
    w = dict(method.state_dict())
    maps = maps_of(method, clip)
    frames, places, width = maps.shape
    x = maps + w["places"].reshape(1, places, width) + w["times"].reshape(frames, 1, width)
    for number in range(2):
        at = f"layers.{number}"
        for start in range(0, frames, 2):
            window = x[start : start + 2].reshape(-1, width)
            seen = norm(window, w, f"{at}.local_norm")
            x[start : start + 2] = (window + look(seen, seen, w, f"{at}.local")).reshape(2, places, width)
        tokens = norm(x.reshape(-1, width), w, f"{at}.global_norm")
        pooled = pool(tokens.reshape(frames, places, width), w, f"{at}.pooled")
        flat = x.reshape(-1, width) + look(tokens, pooled, w, f"{at}.all")
        x = (flat + feed(flat, w, f"{at}.feed_forward")).reshape(frames, places, width)
    rows = norm(x.reshape(-1, width), w, "norm")
    return linear(rows.mean(0), w, "head")


def pool(tokens: Tensor, w: Weights, name: str) -> Tensor:
    kernel = w[f"{name}.conv.weight"][:, 0]  # (D, 2, h, w), of places 1x1 or of all
    kernel = kernel.flatten(2)  # (D, 2, 1 or N)
    found = []
    for start in range(0, len(tokens), 2):
        pair = tokens[start : start + 2]  # (2, N, D)
        windows = [pair] if kernel.shape[2] > 1 else [pair[:, place : place + 1] for place in range(pair.shape[1])]
        for window in windows:
            summed = (kernel * window.permute(2, 0, 1)).sum((1, 2)) + w[f"{name}.conv.bias"]
            found.append(layer_norm(summed, w[f"{name}.norm.weight"], w[f"{name}.norm.bias"]))
    return torch.stack(found)


def slow_stt(method: Stt, clip: Tensor, order: str) -> Tensor:
    """Logits of a clip (T, 3, H, W)."""
    w = dict(method.state_dict())
    maps = maps_of(method, clip)
    first = w["clip"].reshape(1, 1, -1).expand(FRAMES, -1, -1)
    x = torch.cat([first, maps], 1) + w["places"][0] + w["times"][0]  # (T, 1 + N, D)
    for number in range(2):
        at = f"layers.{number}"
        if order == "sum":
            x = x + in_space(x, w, at) + in_time(x, w, at)
        elif order == "space-time":
            x = x + in_space(x, w, at)
            x = x + in_time(x, w, at)
        else:
            x = x + in_time(x, w, at)
            x = x + in_space(x, w, at)
        x[:, 0] = x[:, 0].mean(0)
        x = x + torch.stack([feed(frame, w, f"{at}.feed_forward") for frame in x])
    return linear(norm(x[0, :1], w, "norm")[0], w, "head")


def in_space(x: Tensor, w: Weights, at: str) -> Tensor:
    seen = [norm(frame, w, f"{at}.space_norm") for frame in x]
    return torch.stack([look(frame, frame, w, f"{at}.space") for frame in seen])


def in_time(x: Tensor, w: Weights, at: str) -> Tensor:
    lines = [norm(x[:, place], w, f"{at}.time_norm") for place in range(x.shape[1])]
    return torch.stack([look(line, line, w, f"{at}.time") for line in lines], 1)


CLIPS = torch.rand(2, FRAMES, 3, 32, 32, dtype=torch.float64, generator=torch.Generator().manual_seed(8))


@pytest.mark.parametrize("pooling", ["frames", "window"])
@torch.no_grad()
def test_logits_of_logo_former_are_those_of_slow_loops(pooling: str) -> None:
    method = logo(pooling=pooling).eval()
    torch.testing.assert_close(method(CLIPS).logits, torch.stack([slow_logo(method, clip) for clip in CLIPS]))


@pytest.mark.parametrize("order", ["space-time", "time-space", "sum"])
@torch.no_grad()
def test_logits_of_stt_are_those_of_slow_loops(order: str) -> None:
    method = stt(attention=order).eval()
    torch.testing.assert_close(method(CLIPS).logits, torch.stack([slow_stt(method, clip, order) for clip in CLIPS]))


@pytest.mark.parametrize(
    ("options", "count", "gflops"),
    [
        ({}, 19_766_343, 20.563),
        ({"window_frames": 2}, 19_766_343, 19.619),
        ({"window_frames": 2, "pooling": "window"}, 19_962_951, 17.581),
    ],
)
def test_parameters_and_multiply_adds_of_logo_former(options: dict[str, Any], count: int, gflops: float) -> None:
    assert parameters_of("logo-former", 7, **options) == count
    assert macs_of("logo-former", 7, **options) / 1e9 == pytest.approx(gflops, abs=5e-4)


def test_parameters_of_logo_former_with_eleven_classes() -> None:
    assert parameters_of("logo-former", 11) == 19_768_395


def test_parameters_and_multiply_adds_of_stt() -> None:
    attention = 512 * 3 * 512 + 512 * 512 + 512
    layer = 3 * 1024 + 2 * attention + 2 * 4 * 512**2 + 5 * 512
    embeddings = 512 * (1 + 50 + 16)
    by_hand = 2_782_784 + 257 * 512 + embeddings + 4 * layer + 1024 + 513 * 7
    assert parameters_of("stt", 7) == by_hand
    assert macs_of("stt") / 1e9 == pytest.approx(19.1, abs=0.15)


def divergence(p: Tensor, q: Tensor) -> Tensor:
    return sum(a * (a / b).log() for a, b in zip(p, q, strict=True))  # type: ignore[return-value]


def test_pair_loss_is_that_of_slow_loops() -> None:
    logits, labels = torch.randn(6, 5, dtype=torch.float64), torch.tensor([0, 1, 0, 2, 1, 0])
    p = logits.softmax(1)
    pairs = [(i, j) for i in range(6) for j in range(i) if labels[i] == labels[j]]
    each = [(divergence(p[i], p[j]) + divergence(p[j], p[i])) / 2 for i, j in pairs]
    torch.testing.assert_close(pair_divergence(logits, labels), sum(each) / len(each))


def test_class_loss_is_that_of_slow_loops() -> None:
    logits, labels = torch.randn(6, 5, dtype=torch.float64), torch.tensor([0, 1, 0, 2, 1, 0])
    p = logits.softmax(1)
    each = [divergence(row, p[labels == label].mean(0)) for row, label in zip(p, labels, strict=True)]
    torch.testing.assert_close(class_divergence(logits, labels), sum(each) / 6)


def test_asymmetric_loss_is_that_of_slow_loops() -> None:
    logits, labels = torch.randn(3, 5, dtype=torch.float64), torch.tensor([4, 0, 2])
    losses = []
    for row, label in zip(logits, labels, strict=True):
        for number, p in enumerate(row.softmax(0)):
            target = 0.9 * (number == label) + 0.1 / 5
            weight = 1 - p if number == label else p**2
            losses.append(-target * weight * p.log())
    torch.testing.assert_close(asymmetric(logits, labels), sum(losses) / 3)


@pytest.mark.parametrize("loss", [pair_divergence, class_divergence, asymmetric])
@pytest.mark.parametrize("labels", [[1, 1, 1], [0, 1, 2]])
def test_losses_have_finite_gradients_where_clips_coincide(loss: Any, labels: list[int]) -> None:
    logits = (torch.ones(3, 4) * torch.tensor([90.0, -90.0, 0.0, 1.0])).requires_grad_()
    found = loss(logits, torch.tensor(labels))
    found.backward()
    assert found.isfinite()
    assert logits.grad is not None
    assert logits.grad.isfinite().all()


def test_divergences_are_zero_where_no_two_clips_have_one_label() -> None:
    logits, labels = torch.randn(3, 4), torch.arange(3)
    assert pair_divergence(logits, labels) == 0
    assert class_divergence(logits, labels).abs() < 1e-6


@pytest.mark.parametrize("make", [logo, stt])
def test_the_compact_loss_is_added(make: Any) -> None:
    labels = torch.tensor([1, 1])

    def loss(**options: Any) -> Tensor:
        method: CompactMethod = make(**options).eval()
        return method.step(batch_of(CLIPS, labels))

    plain = loss(compact="none")
    pairs = loss(compact="pairs", compact_weight=0.5)
    logits = make().eval()(CLIPS).logits
    torch.testing.assert_close(pairs - plain, 0.5 * pair_divergence(logits, labels))
    torch.testing.assert_close(loss(compact="asl"), asymmetric(logits, labels))


def test_batches_are_whole_where_the_loss_is_over_clips_together() -> None:
    assert logo().stages()[0].whole_batch
    assert not logo(compact="asl").stages()[0].whole_batch


def test_windows_have_to_fit() -> None:
    with pytest.raises(BadOption, match="no multiple of 3"):
        logo(window_frames=3)


@pytest.mark.parametrize("name", ["logo-former", "stt"])
def test_the_small_network_has_the_parts_of_the_whole(name: str) -> None:
    with torch.device("meta"):
        whole, part = built(name), built(name, width=0.25)
    assert [(n, type(m)) for n, m in whole.named_modules()] == [(n, type(m)) for n, m in part.named_modules()]
