"""3D ResNet-18 in both forms, alone and with EC-STFL: counts, equations, files."""

from __future__ import annotations

from typing import Literal

import pytest
import torch
from torch import Tensor
from torchvision.models.video import r3d_18

from harness.models import ec_stfl
from harness_plugins.methods.r3d18 import ClusteredOptions, Options
from harness_plugins.methods.r3d18.model import R3d18
from helpers import slow_clips as slow
from helpers.pixels import at_random, batch_of, built, macs_of, parameters_of, pixel_task, spec_of
from helpers.public_files import assert_takes_public_file
from helpers.slow_networks import Weights, linear
from helpers.trees import assert_same_tree

Arch = Literal["hara", "torchvision"]
ARCHS: tuple[Arch, ...] = ("hara", "torchvision")
FRAMES, SIZE = 5, 20


def logits(clip: Tensor, w: Weights, arch: Arch) -> Tensor:
    """The network's description for frames (T, 3, H, W)."""
    features = slow.resnet(clip.transpose(0, 1), w, "trunk.", halved=arch == "hara")
    return linear(features, w, "fc")


@torch.no_grad()
@pytest.mark.parametrize("arch", ARCHS)
def test_logits_equal_a_slow_reference(arch: Arch) -> None:
    torch.manual_seed(0)
    method = at_random(R3d18(pixel_task(), Options(width=0.125, arch=arch))).eval()
    clips = torch.rand(2, FRAMES, 3, SIZE, SIZE, dtype=torch.double)
    expected = torch.stack([logits(clip, method.state_dict(), arch) for clip in clips])
    torch.testing.assert_close(method(clips).logits, expected)


@torch.no_grad()
def test_that_of_torchvision_is_torchvisions() -> None:
    whole = r3d_18(weights=None, num_classes=7).eval()
    keys = spec_of("r3d18").public_keys
    assert keys is not None
    method = built("r3d18", arch="torchvision").eval()
    method.load_state_dict({keys.own_name(name) or "": value for name, value in whole.state_dict().items()})
    clip = torch.rand(1, 4, 3, 32, 32)
    assert torch.equal(method(clip).logits, whole(clip.transpose(1, 2)))


@pytest.mark.parametrize(
    ("arch", "classes", "count"),
    [
        ("hara", 7, 33_207_495),
        ("hara", 11, 33_209_547),
        ("torchvision", 7, 33_169_863),
        ("torchvision", 11, 33_171_915),
    ],
)
def test_parameters(arch: Arch, classes: int, count: int) -> None:
    assert parameters_of("r3d18", classes, arch=arch) == count


@pytest.mark.parametrize(("arch", "gmacs"), [("hara", 8.308), ("torchvision", 40.696)])
def test_multiply_adds(arch: Arch, gmacs: float) -> None:
    assert macs_of("r3d18", arch=arch) / 1e9 == pytest.approx(gmacs, abs=5e-4)


@pytest.mark.parametrize(
    ("arch", "shapes"),
    [
        ("hara", [(64, 8, 28, 28), (64, 8, 28, 28), (128, 4, 14, 14), (256, 2, 7, 7), (512, 1, 4, 4)]),
        ("torchvision", [(64, 16, 56, 56), (64, 16, 56, 56), (128, 8, 28, 28), (256, 4, 14, 14), (512, 2, 7, 7)]),
    ],
)
def test_shapes_of_the_stages(arch: Arch, shapes: list[tuple[int, ...]]) -> None:
    with torch.device("meta"):
        method = built("r3d18", arch=arch)
        maps = torch.empty(1, 3, 16, 112, 112)
        found = []
        for part in ("stem", "layer1", "layer2", "layer3", "layer4"):
            maps = method.get_submodule(f"trunk.{part}")(maps)
            found.append(tuple(maps.shape[1:]))
    assert found == shapes


def test_public_files_fit() -> None:
    assert_takes_public_file("r3d18", "r3d18-hara")


@pytest.mark.parametrize("name", ["r3d18", "ec-stfl"])
@pytest.mark.parametrize("arch", ARCHS)
def test_the_demo_trains_the_same_network(name: str, arch: Arch) -> None:
    assert_same_tree(name, arch=arch)


@pytest.mark.parametrize("arch", ARCHS)
def test_the_classifier_starts_as_its_source_does(arch: Arch) -> None:
    weight = R3d18(pixel_task(), Options(arch=arch)).fc.weight
    assert weight.std().item() == pytest.approx(0.01 if arch == "torchvision" else (3 * 512) ** -0.5, rel=0.1)


def test_the_row_of_ec_stfl_adds_the_papers_form_ten_times() -> None:
    torch.manual_seed(1)
    method = R3d18(pixel_task(), ClusteredOptions(width=0.125)).eval()
    clips = batch_of(torch.rand(4, 4, 3, 32, 32), torch.tensor([0, 1, 1, 2]))
    outputs = method(clips.inputs)
    clustering = ec_stfl(outputs.extras["features"], clips.labels, "paper")
    expected = clips.cross_entropy(outputs.logits) + 10 * clustering
    torch.testing.assert_close(method.step(clips), expected)
    assert method.stages()[0].whole_batch
    assert method.stages()[0].batch_size == 24
