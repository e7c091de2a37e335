"""R(2+1)D-18 in both readings: counts, equations, files."""

from __future__ import annotations

from typing import Literal

import pytest
import torch
from torch import Tensor, nn
from torchvision.models.video import r2plus1d_18

from harness_plugins.methods.r2plus1d18 import Options
from harness_plugins.methods.r2plus1d18.model import R2plus1d18
from helpers import slow_clips as slow
from helpers.pixels import at_random, built, macs_of, parameters_of, pixel_task, spec_of
from helpers.slow_networks import Weights, batch_norm, linear
from helpers.trees import assert_same_tree

Arch = Literal["torchvision", "factorised-shortcut"]
ARCHS: tuple[Arch, ...] = ("torchvision", "factorised-shortcut")


def space_time(x: Tensor, w: Weights, at: str, stride: int = 1, spatial: int | None = None) -> Tensor:
    """The port's pair of convolutions, with nothing behind the second."""
    place = spatial or stride
    out = slow.normed(x, w, f"{at}.space", f"{at}.bn", (1, place, place)).relu()
    taps = w[f"{at}.time.weight"].shape[2]
    return slow.convolve(out, w, f"{at}.time", (stride, 1, 1), (taps // 2, 0, 0))


def logits(clip: Tensor, w: Weights) -> Tensor:
    """The port's description for frames (T, 3, H, W)."""
    x = space_time(clip.transpose(0, 1), w, "trunk.conv1", spatial=2)
    for number in range(4):
        for block in range(2):
            at, step = f"trunk.stages.{number}.{block}", 2 if number and not block else 1
            out = batch_norm(space_time(x, w, f"{at}.conv1", step), w, f"{at}.bn1").relu()
            out = batch_norm(space_time(out, w, f"{at}.conv2"), w, f"{at}.bn2")
            if step == 2:
                x = batch_norm(space_time(x, w, f"{at}.shortcut.0", 2), w, f"{at}.shortcut.1")
            x = (x + out).relu()
    return linear(x.mean((1, 2, 3)), w, "fc")


@torch.no_grad()
def test_logits_of_the_port_equal_a_slow_reference() -> None:
    torch.manual_seed(0)
    options = Options(width=0.125, arch="factorised-shortcut")
    method = at_random(R2plus1d18(pixel_task(), options)).eval()
    clips = torch.rand(2, 5, 3, 20, 20, dtype=torch.double)
    expected = torch.stack([logits(clip, method.state_dict()) for clip in clips])
    torch.testing.assert_close(method(clips).logits, expected)


@torch.no_grad()
def test_that_of_torchvision_is_torchvisions() -> None:
    whole = r2plus1d_18(weights=None, num_classes=7).eval()
    keys = spec_of("r2plus1d18").public_keys
    assert keys is not None
    method = built("r2plus1d18").eval()
    method.load_state_dict({keys.own_name(name) or "": value for name, value in whole.state_dict().items()})
    clip = torch.rand(1, 4, 3, 32, 32)
    assert torch.equal(method(clip).logits, whole(clip.transpose(1, 2)))


@pytest.mark.parametrize(
    ("arch", "classes", "count"),
    [
        ("torchvision", 7, 31_303_716),
        ("torchvision", 11, 31_305_768),
        ("factorised-shortcut", 7, 33_195_301),
        ("factorised-shortcut", 11, 33_197_353),
    ],
)
def test_parameters(arch: Arch, classes: int, count: int) -> None:
    assert parameters_of("r2plus1d18", classes, arch=arch) == count


@pytest.mark.parametrize(("arch", "gmacs"), [("torchvision", 40.519), ("factorised-shortcut", 42.171)])
def test_multiply_adds(arch: Arch, gmacs: float) -> None:
    assert macs_of("r2plus1d18", arch=arch) / 1e9 == pytest.approx(gmacs, abs=5e-4)


def test_channels_between_space_and_time() -> None:
    """torchvision counts them once a block, the port for each convolution."""
    found = {}
    for arch in ARCHS:
        with torch.device("meta"):
            parts = built("r2plus1d18", arch=arch).modules()
            temporal = [part for part in parts if isinstance(part, nn.Conv3d) and part.kernel_size == (3, 1, 1)]
        found[arch] = [part.in_channels for part in temporal]
    one = [144] * 4
    assert found["torchvision"] == [45, *one, *[230] * 2, *[288] * 2, *[460] * 2, *[576] * 2, *[921] * 2, *[1152] * 2]
    assert found["factorised-shortcut"][:7] == [83, *one, 230, 288]


@pytest.mark.parametrize("arch", ARCHS)
def test_the_demo_trains_the_same_network(arch: Arch) -> None:
    assert_same_tree("r2plus1d18", arch=arch)
