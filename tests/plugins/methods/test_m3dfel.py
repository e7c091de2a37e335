"""M3DFEL: the bag against slow loops, counts, recipe, and the names of its public files."""

from __future__ import annotations

from math import sqrt

import pytest
import torch
from torch import Tensor

from harness import BadOption
from harness.training.schedule import learning_rate
from harness_plugins.methods.m3dfel import Options
from harness_plugins.methods.m3dfel.bag import BagNorm
from harness_plugins.methods.m3dfel.model import M3dfel
from helpers import slow_clips
from helpers.pixels import at_random, built, macs_of, parameters_of, pixel_task, spec_of
from helpers.public_files import assert_takes_public_file
from helpers.slow_networks import Weights, linear, lstm
from helpers.trees import assert_same_tree

FRAMES, SIZE, BAG = 8, 20, 4


def both_ways(sequence: Tensor, w: Weights) -> Tensor:
    """States (N, 2 H) of two layers, each of which goes over the sequence from both ends."""
    for number in (0, 1):
        ways = []
        for direction in ("", "_reverse"):
            own = {
                f"one.{kind}_{side}_l0": w[f"lstm.{kind}_{side}_l{number}{direction}"]
                for kind in ("weight", "bias")
                for side in ("ih", "hh")
            }
            states = lstm(sequence.flip(0) if direction else sequence, own, "one")
            ways.append(states.flip(0) if direction else states)
        sequence = torch.cat(ways, 1)
    return sequence


def attended(states: Tensor, w: Weights) -> Tensor:
    q, k, v = (states @ w["attention.to_qkv.weight"].T).chunk(3, 1)
    width = states.shape[1] // 8
    heads = []
    for head in range(8):
        own = slice(head * width, (head + 1) * width)
        scores = (q[:, own] @ k[:, own].T / sqrt(width)).exp()
        heads.append(scores / scores.sum(1, keepdim=True) @ v[:, own])
    return torch.cat(heads, 1)


def normed(bag: Tensor, w: Weights, name: str = "norm.") -> Tensor:
    """Dynamic multi-instance normalisation of one bag (N, D), channel by channel."""
    mean = [sum(channel) / len(bag) for channel in bag.T]
    variance = [
        sum((value - middle) ** 2 for value in channel) / (len(bag) - 1)
        for channel, middle in zip(bag.T, mean, strict=True)
    ]
    of_bag = sum(mean) / len(mean)
    spread = sum(v + m**2 for v, m in zip(variance, mean, strict=True)) / len(mean) - of_bag**2
    shares = [w[f"{name}{which}_weight"].exp() / w[f"{name}{which}_weight"].exp().sum() for which in ("mean", "var")]
    out = torch.empty_like(bag)
    for channel in range(bag.shape[1]):
        middle = shares[0][0] * mean[channel] + shares[0][1] * of_bag
        scale = (shares[1][0] * variance[channel] + shares[1][1] * spread + 1e-5) ** 0.5
        plain = (bag[:, channel] - middle) / scale
        out[:, channel] = plain * w[f"{name}weight"][0, channel] + w[f"{name}bias"][0, channel]
    return out


def slow(clip: Tensor, w: Weights) -> Tensor:
    """Logits of a clip (T, 3, H, W)."""
    instances = clip.split(FRAMES // BAG)
    vectors = torch.stack([slow_clips.resnet(part.transpose(0, 1), w, "trunk.") for part in instances])
    states = both_ways(vectors, w)
    gated = states / (1 + (-normed(attended(states, w), w)).exp())
    kernel = w["gather.weight"][0]  # (N, 3)
    around = torch.nn.functional.pad(gated, (1, 1))
    joined = torch.stack([(kernel * around[:, at : at + 3]).sum() for at in range(gated.shape[1])])
    return linear(joined + w["gather.bias"], w, "fc")


@torch.no_grad()
def test_logits_are_those_of_slow_loops() -> None:
    torch.manual_seed(2)
    method = at_random(M3dfel(pixel_task(frames=FRAMES, size=SIZE), Options(width=0.125))).eval()
    clips = torch.rand(2, FRAMES, 3, SIZE, SIZE, dtype=torch.double)
    w = dict(method.state_dict())
    torch.testing.assert_close(method(clips).logits, torch.stack([slow(clip, w) for clip in clips]))


@torch.no_grad()
def test_equal_instances_are_normed_by_the_bag_alone() -> None:
    norm = BagNorm(6).double()
    vector = torch.randn(6, dtype=torch.double)
    bag = vector.expand(1, BAG, 6).transpose(1, 2)
    half = (vector - vector.mean()) / 2  # the other half of the way is that to its own mean
    expected = half / (vector.var(unbiased=False) / 2 + 1e-5).sqrt()
    torch.testing.assert_close(norm(bag), expected.view(1, 6, 1).expand(1, 6, BAG))


@pytest.mark.parametrize(("classes", "count"), [(7, 46_823_384), (11, 46_827_484)])
def test_parameters(classes: int, count: int) -> None:
    assert parameters_of("m3dfel", classes) == count


@pytest.mark.parametrize(
    ("part", "count"),
    [
        ("trunk", 33_166_272),
        ("lstm", 10_502_144),
        ("attention", 3_145_728),
        ("norm", 2_052),
        ("gather", 13),
        ("fc", 7_175),
    ],
)
def test_parameters_of_the_parts(part: str, count: int) -> None:
    with torch.device("meta"):
        assert sum(p.numel() for p in built("m3dfel").get_submodule(part).parameters()) == count


def test_multiply_adds() -> None:
    assert macs_of("m3dfel") / 1e9 == pytest.approx(43.191, abs=5e-4)


def test_public_files_load() -> None:
    assert_takes_public_file("m3dfel")


def test_the_recipe_is_timms_cosine() -> None:
    """36 steps an epoch: nothing at first, 4.99e-4 as the warm-up ends, 2.53e-4 in the middle, 5.0e-6 at the end."""
    (stage,) = built("m3dfel", width=0.125).stages()
    rates = [learning_rate(stage.schedule, 5e-4, step, 36, stage.epochs) for step in (0, 719, 720, 150 * 36, 10_799)]
    assert rates == pytest.approx([0, 4.99e-4, 4.94e-4, 2.53e-4, 5.0e-6], rel=3e-3)
    assert (stage.epochs, stage.batch_size, stage.label_smoothing, stage.drop_last) == (300, 256, 0.1, True)
    assert (stage.optimizer, stage.weight_decay, stage.decay_vectors) == ("adamw", 0.05, True)


def test_scratch_112_falls_by_steps_and_sees_every_clip() -> None:
    (stage,) = built("m3dfel", **spec_of("m3dfel").recipe("scratch-112")).stages()
    assert (stage.schedule.kind, stage.label_smoothing, stage.drop_last) == ("milestones", 0.0, False)


def test_frames_have_to_fill_the_bag() -> None:
    with pytest.raises(BadOption, match=r"m3dfel\.input\.frames=10: not 4 instances"):
        M3dfel(pixel_task(frames=10), Options(width=0.125))


def test_the_demo_trains_the_same_network() -> None:
    assert_same_tree("m3dfel")
