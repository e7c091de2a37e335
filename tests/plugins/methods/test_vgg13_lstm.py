"""VGG13-LSTM: its counts, its equations, and torchvision's VGG inside it."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import torchvision
from torch import Tensor, nn
from torch.nn import functional as F

from harness_plugins.methods.vgg13_lstm import Options
from harness_plugins.methods.vgg13_lstm.model import VggLstm
from helpers import slow_networks as slow
from helpers.pixels import at_random, built, macs_of, parameters_of, pixel_task, spec_of
from helpers.trees import assert_same_tree

FRAMES, SIZE = 2, 32
POOLED = {"vgg11": (1, 1, 2, 2, 2), "vgg13": (2, 2, 2, 2, 2)}  # convolutions before each pool
VGG11 = {"trunk": "vgg11", "features": 512, "hidden": 128}


def vgg(x: Tensor, w: slow.Weights, options: Options) -> Tensor:
    """One frame (3, H, W), whose last map is of one place, repeated to seven times seven."""
    number = 0
    for convolutions in POOLED[options.trunk]:
        for _ in range(convolutions):
            x = slow.convolve(x, w, f"trunk.features.{number}", 1, 1)
            if options.batch_norm:
                number += 1
                x = slow.batch_norm(x, w, f"trunk.features.{number}")
            x = x.relu()
            number += 2
        x = slow.pool(x, 2, 2, 0)
        number += 1
    x = x.expand(-1, 7, 7).flatten()
    x = slow.linear(x, w, "trunk.classifier.0").relu()
    return slow.linear(x, w, "trunk.classifier.3").relu()


@pytest.mark.parametrize("options", [{}, {"trunk": "vgg11", "features": 512, "batch_norm": True}])
def test_logits_equal_a_slow_reference(options: dict[str, Any]) -> None:
    torch.manual_seed(8)
    chosen = Options(width=1 / 64, **options)
    method = at_random(VggLstm(pixel_task(frames=FRAMES, size=SIZE), chosen)).eval()
    clips = torch.rand(2, FRAMES, 3, SIZE, SIZE, dtype=torch.double)
    w = method.state_dict()
    frames = [torch.stack([vgg(frame, w, chosen) for frame in clip]) for clip in clips]
    expected = torch.stack([slow.linear(slow.lstm(clip, w, "time.cells")[-1], w, "head") for clip in frames])
    torch.testing.assert_close(method(clips).logits, expected)


@pytest.mark.parametrize(("options", "seven", "eleven"), [({}, 133_411_143, 133_412_171)])
def test_parameters(options: dict[str, Any], seven: int, eleven: int) -> None:
    assert parameters_of("vgg13-lstm", 7, **options) == seven
    assert parameters_of("vgg13-lstm", 11, **options) == eleven


@pytest.mark.parametrize(("size", "gmacs"), [(224, 180.94), (112, 46.72)])
def test_multiply_adds(size: int, gmacs: float) -> None:
    assert macs_of("vgg13-lstm", **{"input.size": size}) / 1e9 == pytest.approx(gmacs, abs=5e-3)


@pytest.mark.parametrize("trunk", ["vgg11", "vgg13"])
@pytest.mark.parametrize("batch_norm", [False, True])
def test_it_is_that_of_torchvision(trunk: str, batch_norm: bool) -> None:
    with torch.device("meta"):
        whole = getattr(torchvision.models, trunk + "_bn" * batch_norm)()
        ours = built("vgg13-lstm", trunk=trunk, batch_norm=batch_norm).get_submodule("trunk")
    del whole.classifier[6]
    names = {name: value.shape for name, value in whole.state_dict().items()}
    assert {name: value.shape for name, value in ours.state_dict().items()} == names


def test_it_starts_as_torchvisions() -> None:
    method = built("vgg13-lstm", width=0.125)
    kernel = method.get_parameter("trunk.features.10.weight")
    assert kernel.std().item() == pytest.approx((2 / (kernel.shape[0] * 9)) ** 0.5, rel=0.1)
    linear = method.get_parameter("trunk.classifier.0.weight")
    assert linear.std().item() == pytest.approx(0.01 / 0.125**0.5, rel=0.05)
    assert not any(p.any() for name, p in method.trunk.named_parameters() if name.endswith("bias"))  # type: ignore[union-attr]


def test_gradients_are_cut_and_dropout_drops() -> None:
    method = built("vgg13-lstm", width=0.03125)
    assert [stage.clip_norm for stage in method.stages()] == [1.0]
    assert [part.p for part in method.modules() if isinstance(part, nn.Dropout)] == [0.5, 0.5]


@pytest.mark.parametrize("options", [{}, VGG11])
def test_the_demos_network_has_the_same_modules(options: dict[str, Any]) -> None:
    assert_same_tree("vgg13-lstm", **options)


def test_its_pool_is_torchs() -> None:
    maps = torch.rand(3, 6, 6)
    assert torch.equal(slow.pool(maps, 2, 2, 0), F.max_pool2d(maps, 2))


def test_freq_hd_is_the_same_network_on_other_frames() -> None:
    assert parameters_of("freq-hd") == 133_411_143
    assert_same_tree("freq-hd")
    whole, demo = (spec_of("freq-hd").settle(options)[1] for options in ({}, dict(spec_of("freq-hd").demo)))
    assert (whole.sampling, whole.frames) == ("freq-hd", 16)
    assert (demo.sampling, demo.frames) == ("freq-hd-2", 4)
