"""Sketches of DPCNet and MSCM: what they are made of against slow loops; neither is ranked or in the demo."""

from __future__ import annotations

from math import log
from typing import Any

import pytest
import torch
from torch import Tensor

from harness_plugins.methods.dpcnet_sketch import Options as DpcnetOptions
from harness_plugins.methods.dpcnet_sketch.losses import frames_apart, paths_apart, together
from harness_plugins.methods.dpcnet_sketch.model import DpcnetSketch
from harness_plugins.methods.mscm_sketch import Options as MscmOptions
from harness_plugins.methods.mscm_sketch.model import MscmSketch, shifted
from harness_plugins.methods.mscm_sketch.motion import correlation
from helpers import slow_networks as slow
from helpers.pixels import at_random, batch_of, built, macs_of, parameters_of, pixel_task, spec_of

NAMES = ["dpcnet-sketch", "mscm-sketch"]
FRAMES = 3
Weights = dict[str, Tensor]
CLIPS = torch.rand(2, FRAMES, 3, 32, 32, dtype=torch.float64, generator=torch.Generator().manual_seed(5))
LABELS = torch.tensor([2, 4])


def dpcnet(**options: Any) -> DpcnetSketch:
    torch.manual_seed(5)
    task = pixel_task(frames=FRAMES, size=32)
    method = at_random(DpcnetSketch(task, DpcnetOptions(**{"width": 0.125, **options})))
    for name, buffer in method.named_buffers():
        if name.endswith("running_var"):
            buffer *= 30  # or else 50 layers at random make gates of 0 and 1
    return method


def mscm(**options: Any) -> MscmSketch:
    torch.manual_seed(5)
    return at_random(MscmSketch(pixel_task(frames=FRAMES, size=32), MscmOptions(**{"width": 0.125, **options})))


def excited(maps: Tensor, w: Weights) -> Tensor:
    """Frames (T, D) of maps (T, D, h, w): a gate of each place, and one of each frame."""
    gated = []
    for frame in maps:
        seen = torch.stack([frame.mean(0), frame.max(0).values])
        gated.append(frame * slow.convolve(seen, w, "spatial.places", padding=3).sigmoid())
    hidden = slow.linear(torch.stack([frame.mean() for frame in gated]), w, "spatial.frames.0").relu()
    gates = slow.linear(hidden, w, "spatial.frames.2").sigmoid()
    return torch.stack([gate * frame.flatten(1).mean(1) for gate, frame in zip(gates, gated, strict=True)])


def aggregated(maps: Tensor, w: Weights) -> Tensor:
    """Frames (T, D) of maps (T, D, h, w): a gate of each channel, then three frames of each channel together."""
    frames = maps.flatten(2).mean(2)
    hidden = slow.linear(frames.mean(0), w, "temporal.channels.0").relu()
    frames = frames * slow.linear(hidden, w, "temporal.channels.2").sigmoid()
    kernel = w["temporal.time.weight"][:, 0]
    out = w["temporal.time.bias"].repeat(len(frames), 1)
    for at in range(len(frames)):
        for step in (-1, 0, 1):
            if 0 <= at + step < len(frames):
                out[at] += kernel[:, step + 1] * frames[at + step]
    return out


def two_paths(method: DpcnetSketch, clip: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Frames and logits of both paths."""
    w = dict(method.state_dict())
    first = excited(method.first(clip), w)
    second = aggregated(method.second(clip), w)
    heads = slow.linear(first.mean(0), w, "first_head"), slow.linear(second.mean(0), w, "second_head")
    return first, second, *heads


@torch.no_grad()
def test_dpcnets_excitations_are_those_of_slow_loops() -> None:
    method = dpcnet().eval()
    w = dict(method.state_dict())
    maps = torch.rand(2, FRAMES, 256, 4, 3, dtype=torch.float64)
    torch.testing.assert_close(method.spatial(maps), torch.stack([excited(clip, w) for clip in maps]))
    torch.testing.assert_close(method.temporal(maps), torch.stack([aggregated(clip, w) for clip in maps]))


def divergence(p: Tensor, q: Tensor) -> float:
    return sum(float(a) * log(a / b) for a, b in zip(p, q, strict=True))


def slow_frames_apart(first: Tensor, second: Tensor) -> float:
    """Of one clip, all pairs of its frames (T, D) of either path."""
    apart = [1 - float(a @ b / (a.norm() * b.norm())) for a in first for b in second]
    return sum(apart) / len(apart)


def slow_paths_apart(first: Tensor, second: Tensor) -> float:
    p, q = first.softmax(0), second.softmax(0)
    return (divergence(p, q) + divergence(q, p)) / 2


@torch.no_grad()
def test_dpcnets_logits_and_loss_are_those_of_slow_loops() -> None:
    method = dpcnet(frame_weight=0.3, path_weight=0.7).eval()
    logits, losses = [], []
    for clip, label in zip(CLIPS, LABELS, strict=True):
        first, second, p, q = two_paths(method, clip)
        logits.append(((p.softmax(0) + q.softmax(0)) / 2).log())
        classes = -log(p.softmax(0)[label]) - log(q.softmax(0)[label])
        losses.append(classes + 0.3 * slow_frames_apart(first, second) + 0.7 * slow_paths_apart(p, q))
    torch.testing.assert_close(method(CLIPS).logits, torch.stack(logits))
    assert method.step(batch_of(CLIPS, LABELS)).item() == pytest.approx(sum(losses) / 2)


def test_dpcnets_losses_are_those_of_slow_loops() -> None:
    torch.manual_seed(7)
    first, second = torch.randn(2, 5, FRAMES, 6, dtype=torch.float64)
    p, q = torch.randn(2, 5, 7, dtype=torch.float64)
    frames = [slow_frames_apart(a, b) for a, b in zip(first, second, strict=True)]
    paths = [slow_paths_apart(a, b) for a, b in zip(p, q, strict=True)]
    assert frames_apart(first, second).item() == pytest.approx(sum(frames) / 5)
    assert paths_apart(p, q).item() == pytest.approx(sum(paths) / 5)
    torch.testing.assert_close(together(p, q).exp().sum(-1), torch.ones(5, dtype=torch.float64))


def test_paths_that_agree_are_not_apart() -> None:
    same = torch.randn(2, 1, 6).expand(2, FRAMES, 6)
    assert frames_apart(same, 2 * same).item() == pytest.approx(0, abs=1e-6)
    assert paths_apart(same[:, 0], same[:, 0] + 3).item() == pytest.approx(0, abs=1e-6)


def test_sure_paths_and_blank_frames_have_finite_losses_and_gradients() -> None:
    first = torch.tensor([[1e4, 0, 0], [0, 1e4, 0]], requires_grad=True)
    frames = torch.zeros(2, FRAMES, 4, requires_grad=True)
    loss = paths_apart(first, first.detach().flip(0)) + frames_apart(frames, frames)
    (loss + together(first, first.detach().flip(0)).sum()).backward()
    assert loss.isfinite()
    assert all(leaf.grad is not None and leaf.grad.isfinite().all() for leaf in (first, frames))


def slow_shift(frames: list[Tensor], channels: int) -> list[Tensor]:
    """Of maps (C, h, w): first channels of the next frame, then as many of the one before, zeros beyond the clip."""
    out = [frame.clone() for frame in frames]
    for at, frame in enumerate(out):
        later = frames[at + 1] if at + 1 < len(frames) else torch.zeros_like(frame)
        before = frames[at - 1] if at else torch.zeros_like(frame)
        frame[:channels] = later[:channels]
        frame[channels : 2 * channels] = before[channels : 2 * channels]
    return out


def shifted_block(frames: list[Tensor], w: Weights, name: str, stride: int) -> list[Tensor]:
    out = []
    for frame, moved in zip(frames, slow_shift(frames, len(frames[0]) // 8), strict=True):
        seen = slow.convolve(moved, w, f"{name}.conv1.conv", stride, 1)
        seen = slow.batch_norm(seen, w, f"{name}.bn1").relu()
        seen = slow.batch_norm(slow.convolve(seen, w, f"{name}.conv2", 1, 1), w, f"{name}.bn2")
        out.append((seen + slow.shortcut(frame, w, name, stride)).relu())
    return out


def shifted_stage(frames: list[Tensor], w: Weights, number: int) -> list[Tensor]:
    frames = shifted_block(frames, w, f"trunk.layer{number}.0", 1 if number == 1 else 2)
    return shifted_block(frames, w, f"trunk.layer{number}.1", 1)


def slow_correlation(now: Tensor, later: Tensor, radius: int) -> Tensor:
    """Cosines of each place of a map (C, h, w) with those around it in the next, ((2 r + 1)^2, h, w)."""
    high, wide = now.shape[1:]
    steps = [(i, j) for i in range(-radius, radius + 1) for j in range(-radius, radius + 1)]
    out = torch.zeros(len(steps), high, wide, dtype=now.dtype)
    for number, (down, right) in enumerate(steps):
        for i in range(max(0, -down), min(high, high - down)):
            for j in range(max(0, -right), min(wide, wide - right)):
                a, b = now[:, i, j], later[:, i + down, j + right]
                out[number, i, j] = a @ b / (a.norm() * b.norm())
    return out


def moving(frames: list[Tensor], w: Weights) -> list[Tensor]:
    """Maps with what moves between each and the next, the last and itself."""
    reduced = [slow.convolve(frame, w, "motion.reduce") for frame in frames]
    out = []
    for frame, now, later in zip(frames, reduced, [*reduced[1:], reduced[-1]], strict=True):
        scales = []
        for number, radius in enumerate((1, 3)):
            seen = slow_correlation(now, later, radius)
            for layer in (0, 3, 6):
                at = f"motion.encoders.{number}"
                seen = slow.convolve(seen, w, f"{at}.{layer}", 1, 1)
                seen = slow.batch_norm(seen, w, f"{at}.{layer + 1}").relu()
            scales.append(seen)
        pooled = (scales[0] + scales[1]).flatten(1).mean(1)
        chosen = slow.linear(slow.linear(pooled, w, "motion.squeeze").relu(), w, "motion.choose")
        small, large = chosen.chunk(2)
        part = (small.exp() / (small.exp() + large.exp()))[:, None, None]
        out.append(frame + part * scales[0] + (1 - part) * scales[1])
    return out


@torch.no_grad()
def test_mscms_logits_are_those_of_slow_loops() -> None:
    method = mscm().eval()
    w = dict(method.state_dict())
    expected = []
    for clip in CLIPS:
        frames = [slow.stem(frame, w, "trunk.") for frame in clip]
        frames = moving(shifted_stage(shifted_stage(frames, w, 1), w, 2), w)
        frames = shifted_stage(shifted_stage(frames, w, 3), w, 4)
        features = torch.stack([frame.flatten(1).mean(1) for frame in frames]).mean(0)
        expected.append(slow.linear(features, w, "head"))
    found = method(CLIPS)
    torch.testing.assert_close(found.logits, torch.stack(expected))
    entropies = [-log(logits.softmax(0)[label]) for logits, label in zip(expected, LABELS, strict=True)]
    assert method.step(batch_of(CLIPS, LABELS)).item() == pytest.approx(sum(entropies) / 2)


@pytest.mark.parametrize("radius", [1, 2, 3])
def test_correlations_are_cosines_and_zero_beyond_the_map(radius: int) -> None:
    torch.manual_seed(8)
    now, later = torch.randn(2, 2, 5, 4, 6, dtype=torch.float64)
    expected = [slow_correlation(a, b, radius) for a, b in zip(now, later, strict=True)]
    torch.testing.assert_close(correlation(now, later, radius), torch.stack(expected))


def test_a_motion_is_seen_where_it_goes() -> None:
    now = torch.randn(1, 16, 5, 5, dtype=torch.float64)
    found = correlation(now, now.roll((1, -1), (2, 3)), 1)  # one place down, one to the left
    best = found[0, :, 1:-1, 1:-1].argmax(0)
    assert best.unique().tolist() == [6]  # of nine from above, from the left


def test_channels_are_shifted_both_ways() -> None:
    clips = torch.arange(1.0, 4.0).view(1, 3, 1, 1, 1).expand(1, 3, 8, 1, 1)
    found = shifted(clips, 1)[0, :, :3, 0, 0]
    assert found.tolist() == [[2, 0, 1], [3, 1, 2], [0, 2, 3]]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("size", [32, 40])
def test_shapes(name: str, size: int) -> None:
    method = built(name, 11, **{"width": 0.125, "input.size": size}).eval()
    frames = spec_of(name).input.frames
    found = method(torch.rand(2, frames, 3, size, size))
    assert found.logits.shape == (2, 11)
    assert found.extras["features"].shape == (2, 256 if name == "dpcnet-sketch" else 64)


@pytest.mark.parametrize("make", [dpcnet, mscm])
def test_equal_frames_and_one_class_have_finite_gradients(make: Any) -> None:
    method = make().train()
    clips = CLIPS[:1, :1].expand(3, FRAMES, -1, -1, -1) * torch.tensor([1, 1, 0]).view(3, 1, 1, 1, 1)
    method.step(batch_of(clips, torch.tensor([1, 1, 1]))).backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in method.parameters())


@pytest.mark.parametrize("make", [dpcnet, mscm])
def test_ec_stfl_is_a_loss_of_the_sketches_too(make: Any) -> None:
    plain, apart = make().eval(), make(loss="ec-stfl").eval()
    batch = batch_of(torch.cat([CLIPS, CLIPS.flip(3)]), LABELS.repeat(2))
    assert apart.step(batch).isfinite()
    assert apart.step(batch) != plain.step(batch)


@pytest.mark.parametrize("classes", [7, 11])
def test_parameters_of_dpcnet(classes: int) -> None:
    trunk, channels, frames = 23_508_032, 2048, 4
    spatial = 2 * 7 * 7 + 1 + 2 * (frames**2 + frames)
    temporal = channels * 128 + 128 + 128 * channels + channels + 3 * channels + channels
    heads = 2 * (channels + 1) * classes
    assert parameters_of("dpcnet-sketch", classes) == 2 * trunk + spatial + temporal + heads


@pytest.mark.parametrize("classes", [7, 11])
def test_parameters_of_mscm(classes: int) -> None:
    trunk, channels = 11_176_512, 128
    motion = channels * 32 + 32
    for places in (3 * 3, 7 * 7):
        motion += 9 * (places * 16 + 16 * 32 + 32 * channels) + 2 * (16 + 32 + channels)
    motion += channels * 32 + 32 + 32 * 2 * channels + 2 * channels
    assert parameters_of("mscm-sketch", classes) == trunk + motion + 513 * classes


def test_multiply_adds_stay_below_the_printed_ones() -> None:
    assert macs_of("dpcnet-sketch") == 8_607_393_952  # 9.52 G are printed
    assert macs_of("mscm-sketch") == 8_056_911_360  # 8.11 G are printed


@pytest.mark.parametrize("name", NAMES)
def test_the_small_network_has_the_parts_of_the_whole(name: str) -> None:
    with torch.device("meta"):
        whole, part = built(name), built(name, width=0.125)
    assert [(n, type(m)) for n, m in whole.named_modules()] == [(n, type(m)) for n, m in part.named_modules()]


@pytest.mark.parametrize("name", NAMES)
def test_they_are_sketches(name: str) -> None:
    spec = spec_of(name)
    assert spec.is_sketch
    assert not spec.in_demo
