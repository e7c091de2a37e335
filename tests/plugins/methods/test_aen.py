"""AEN: its network and its losses against slow loops, and its frozen teacher."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from harness_plugins.methods.aen import Options
from harness_plugins.methods.aen.groups import groups_of
from harness_plugins.methods.aen.model import Aen
from helpers.pixels import ELEVEN, SEVEN, at_random, batch_of, built, parameters_of, pixel_task
from helpers.slow_networks import linear, prenorm

FRAMES = 3
Weights = dict[str, Tensor]
CLIPS = torch.rand(2, FRAMES, 3, 32, 32, dtype=torch.float64, generator=torch.Generator().manual_seed(5))
LABELS = torch.tensor([2, 4])  # neutral, surprise


def small(**options: Any) -> Aen:
    torch.manual_seed(5)
    return at_random(Aen(pixel_task(frames=FRAMES, size=32), Options(**{"width": 0.125, **options})))


def level(maps: Tensor, w: Weights, number: int) -> tuple[Tensor, Tensor]:
    """Frames (T, C) and clip (C,) of maps (T, C, h, w)."""
    at = f"levels.{number}"
    kernel = w[f"{at}.squeeze.weight"][:, :, 0, 0]
    frames = torch.stack([kernel @ each.flatten(1).mean(1) + w[f"{at}.squeeze.bias"] for each in maps])
    channels = frames.shape[1]
    encoded = prenorm(frames + w[f"{at}.positions"][0], w, f"{at}.encoder", 8, channels // 8)
    return frames, encoded.mean(0)


def cross_level(known: Tensor, finer: Tensor, w: Weights, name: str) -> Tensor:
    u = linear(known, w, f"{name}.first")
    mixed = torch.zeros_like(finer)
    for channel, value in enumerate(u):
        scores = (value * finer).exp()
        mixed[channel] = (scores / scores.sum() * finer).sum()
    return linear(mixed, w, f"{name}.second")


def slow_views(method: Aen, clip: Tensor) -> dict[str, Tensor]:
    """What all heads say of a clip (T, 3, H, W)."""
    w = dict(method.state_dict())
    _, second, third, fourth = method.trunk.levels(clip)
    frames, whole = level(fourth, w, 0)
    _, middle = level(third, w, 1)
    _, fine = level(second, w, 2)
    seen = cross_level(whole, middle, w, "to_middle")
    detail = cross_level(seen, fine, w, "to_fine")
    return {
        "whole groups": linear(whole, w, "whole_groups"),
        "whole classes": linear(whole, w, "whole_classes"),
        "local groups": linear(seen, w, "local_groups"),
        "local classes": linear(detail, w, "local_classes"),
        "frames": linear(frames, w, "frame_head"),
    }


def entropy(logits: Tensor, label: int) -> Tensor:
    return -(logits.softmax(0)[label]).log()


def divergence(p: Tensor, logits: Tensor) -> Tensor:
    q = logits.softmax(0)
    return sum(a * (a / b).log() for a, b in zip(p, q, strict=True))  # type: ignore[return-value]


def slow_loss(method: Aen, clip: Tensor, label: int, group: int) -> Tensor:
    """0.5 (CE of groups) + CE of classes + 0.1 (frames against the teacher) + 0.1 (the clip against its mean)."""
    views = slow_views(method, clip)
    static = method.static(clip[None])[0].softmax(-1)  # (T, C)
    groups = entropy(views["whole groups"], group) + entropy(views["local groups"], group)
    classes = entropy(views["whole classes"], label) + entropy(views["local classes"], label)
    frames = sum(divergence(p, logits) for p, logits in zip(static, views["frames"], strict=True)) / FRAMES
    whole = divergence(static.mean(0), views["local classes"])
    return 0.5 * groups + classes + 0.1 * frames + 0.1 * whole


@torch.no_grad()
def test_logits_are_those_of_slow_loops() -> None:
    method = small().eval()
    expected = []
    for clip in CLIPS:
        views = slow_views(method, clip)
        mean = (views["whole classes"].softmax(0) + views["local classes"].softmax(0)) / 2
        expected.append(mean.log())
    torch.testing.assert_close(method(CLIPS).logits, torch.stack(expected))


@torch.no_grad()
def test_the_loss_is_that_of_slow_loops() -> None:
    method = small().eval()
    expected = [slow_loss(method, clip, label, group) for clip, label, group in zip(CLIPS, [2, 4], [1, 0], strict=True)]
    torch.testing.assert_close(method.step(batch_of(CLIPS, LABELS)), sum(expected) / 2)


@torch.no_grad()
def test_the_teacher_learns_single_frames_by_the_label_of_their_clip() -> None:
    method = small()
    found = method.step(batch_of(CLIPS, LABELS, "static"))
    logits = method.static(CLIPS)
    losses = [entropy(frame, label) for clip, label in zip(logits, [2, 4], strict=True) for frame in clip]
    torch.testing.assert_close(found, sum(losses) / len(losses))


def test_the_teacher_stays_as_it_is_beside_the_network() -> None:
    method = small().train()
    before = {name: value.clone() for name, value in method.static.state_dict().items()}
    method.step(batch_of(CLIPS, LABELS)).backward()
    assert all(p.grad is None for p in method.static.parameters())
    assert all(torch.equal(value, before[name]) for name, value in method.static.state_dict().items())


def test_the_trunk_starts_from_the_teacher() -> None:
    method = small()
    static, whole = method.stages()
    assert (static.name, list(static.lr)) == ("static", ["static"])
    assert whole.before is not None
    whole.before()
    own, teacher = method.trunk.state_dict(), method.static.trunk.state_dict()
    assert all(torch.equal(value, teacher[name]) for name, value in own.items())
    named = {name.split(".")[0] for name, _ in method.named_parameters()}
    assert set(whole.lr) == named - {"static"}


def test_equal_frames_and_one_class_have_finite_gradients() -> None:
    method = small().train()
    clips = CLIPS[:1, :1].expand(3, FRAMES, -1, -1, -1)
    method.step(batch_of(clips, torch.tensor([1, 1, 1]))).backward()
    grads = [p.grad for name, p in method.named_parameters() if not name.startswith("static")]
    assert all(grad is not None and grad.isfinite().all() for grad in grads)


def test_sure_heads_have_finite_logits() -> None:
    method = small().eval()
    method.whole_classes.weight.data.mul_(1e5)
    method.local_classes.weight.data.mul_(1e5)
    assert method(CLIPS).logits.isfinite().all()


def test_groups_are_positive_neutral_and_negative() -> None:
    assert groups_of(SEVEN).tolist() == [0, 2, 1, 2, 0, 2, 2]
    assert groups_of(ELEVEN).tolist()[7:] == [2] * 4
    assert groups_of(("Happy", "Surprised", "boredom")).tolist() == [0, 0, 2]


@pytest.mark.parametrize("classes", [7, 11])
def test_parameters(classes: int) -> None:
    trunk, frames = 11_176_512, 16
    levels = 0
    for size in (512, 256, 128):
        attention = 3 * size**2 + size**2 + size + 2 * size
        feed_forward = 2 * 4 * size**2 + 4 * size + size + 2 * size
        levels += size**2 + size + frames * size + attention + feed_forward
    crosses = (512 * 256 + 256) + (256**2 + 256) + (256 * 128 + 128) + (128**2 + 128)
    heads = 513 * 3 + 257 * 3 + (513 + 513 + 129 + 513) * classes  # groups; whole, frames, local, teacher
    assert parameters_of("aen", classes) == 2 * trunk + levels + crosses + heads


def test_the_small_network_has_the_parts_of_the_whole() -> None:
    with torch.device("meta"):
        whole, part = built("aen"), built("aen", width=0.125)
    assert [(n, type(m)) for n, m in whole.named_modules()] == [(n, type(m)) for n, m in part.named_modules()]
