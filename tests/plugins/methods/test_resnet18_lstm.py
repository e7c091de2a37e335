"""ResNet18-LSTM: its readings, their counts and their equations."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from harness_plugins.methods.resnet18_lstm import DFEW_REPO, Options
from harness_plugins.methods.resnet18_lstm.model import ResNetLstm
from helpers import slow_networks as slow
from helpers.pixels import at_random, built, macs_of, parameters_of, pixel_task
from helpers.public_files import assert_takes_public_file
from helpers.trees import assert_same_tree

FRAMES, SIZE = 3, 32
REPOSITORY: dict[str, Any] = {"trunk": "dfew-repo", "hidden": 256, "layers": 3, "read_out": "all"}
COUNTS: list[tuple[dict[str, Any], int, int, float]] = [
    ({}, 11_506_119, 11_506_635, 7.763),
    ({"hidden": 512}, 13_281_351, 13_283_403, 7.791),
    (REPOSITORY, 17_388_871, 17_405_259, 9.120),
]


def bottleneck(x: Tensor, w: slow.Weights, name: str, stride: int) -> Tensor:
    """The stride is in the first convolution."""
    out = slow.batch_norm(slow.convolve(x, w, f"{name}.conv1", stride), w, f"{name}.bn1").relu()
    out = slow.batch_norm(slow.convolve(out, w, f"{name}.conv2", 1, 1), w, f"{name}.bn2").relu()
    out = slow.batch_norm(slow.convolve(out, w, f"{name}.conv3"), w, f"{name}.bn3")
    return (out + slow.shortcut(x, w, name, stride)).relu()


def repository_trunk(x: Tensor, w: slow.Weights) -> Tensor:
    x = slow.batch_norm(slow.convolve(x, w, "trunk.conv1", 2, 3), w, "trunk.bn1").relu()
    even = torch.nn.functional.pad(x, [0, 1, 0, 1], value=-torch.inf)  # rounded up
    x = slow.pool(even, padding=0)
    for stage in range(1, 5):
        for number in range(2):
            x = bottleneck(x, w, f"trunk.layer{stage}.{number}", 2 if stage > 1 and not number else 1)
    return x


def logits(clip: Tensor, w: slow.Weights, options: Options) -> Tensor:
    see = repository_trunk if options.trunk == "dfew-repo" else lambda x, w: slow.trunk(x, w, "trunk.")
    frames = torch.stack([see(frame, w).mean((1, 2)) for frame in clip])
    states = (slow.lstm if options.cell == "lstm" else slow.gru)(frames, w, "time.cells")
    read = {"last": states[-1], "mean": states.mean(0), "all": states.flatten()}[options.read_out]
    return slow.linear(read, w, "head")


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"trunk": "resnet34", "cell": "gru"},
        {"layers": 2, "read_out": "mean"},
        {**REPOSITORY, "hidden": 64},
    ],
)
def test_logits_equal_a_slow_reference(options: dict[str, Any]) -> None:
    torch.manual_seed(6)
    chosen = Options(width=0.125, **options)
    method = at_random(ResNetLstm(pixel_task(frames=FRAMES, size=SIZE), chosen)).eval()
    clips = torch.rand(2, FRAMES, 3, SIZE, SIZE, dtype=torch.double)
    expected = torch.stack([logits(clip, method.state_dict(), chosen) for clip in clips])
    torch.testing.assert_close(method(clips).logits, expected)


@pytest.mark.parametrize(("options", "seven", "eleven", "gmacs"), COUNTS)
def test_counts(options: dict[str, Any], seven: int, eleven: int, gmacs: float) -> None:
    assert parameters_of("resnet18-lstm", 7, **options) == seven
    assert parameters_of("resnet18-lstm", 11, **options) == eleven
    assert macs_of("resnet18-lstm", **options) / 1e9 == pytest.approx(gmacs, abs=1e-3)


def test_the_recipe_of_the_repository_is_its_network() -> None:
    own = {name: value for name, value in DFEW_REPO.items() if not name.startswith("input.")}
    assert {name: own[name] for name in REPOSITORY} == REPOSITORY
    assert_takes_public_file("resnet18-lstm", "resnet18-lstm-dfew-repo", **REPOSITORY)


def test_its_weights_are_drawn_by_their_inputs() -> None:
    method = built("resnet18-lstm", **REPOSITORY)
    kernel = method.get_parameter("trunk.layer3.0.conv2.weight")
    assert kernel.std().item() == pytest.approx((2 / (256 * 9)) ** 0.5, rel=0.02)


@pytest.mark.parametrize("options", [{}, REPOSITORY])
def test_the_demos_network_has_the_same_modules(options: dict[str, Any]) -> None:
    assert_same_tree("resnet18-lstm", **options)
