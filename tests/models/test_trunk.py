"""ResNet's trunk: torchvision's network, cut and narrowed."""

from __future__ import annotations

import pytest
import torch
import torchvision

from harness.models.trunk import Depth, resnet_trunk
from helpers import slow_networks as slow


@pytest.mark.parametrize("depth", [18, 34, 50])
def test_it_is_that_of_torchvision(depth: Depth) -> None:
    torch.manual_seed(0)
    whole = getattr(torchvision.models, f"resnet{depth}")().eval()
    trunk = resnet_trunk(depth).eval()
    trunk.load_state_dict({name: value for name, value in whole.state_dict().items() if not name.startswith("fc")})
    whole.fc = torch.nn.Identity()
    frames = torch.rand(2, 3, 64, 64)
    assert torch.equal(trunk(frames).mean((2, 3)), whole(frames))


@pytest.mark.parametrize(("stages", "channels", "count"), [(4, 512, 11_176_512), (3, 256, 2_782_784), (1, 64, 157_504)])
def test_it_is_cut_after_a_stage(stages: int, channels: int, count: int) -> None:
    with torch.device("meta"):
        trunk = resnet_trunk(18, stages)
        maps = trunk.levels(torch.empty(2, 3, 112, 112))
    assert sum(parameter.numel() for parameter in trunk.parameters()) == count
    assert trunk.channels == channels
    sides = [28, 14, 7, 4][:stages]
    assert [tuple(m.shape) for m in maps] == [(2, c, s, s) for c, s in zip([64, 128, 256, 512], sides, strict=False)]


def test_the_one_of_bottlenecks_is_cut_after_a_stage() -> None:
    with torch.device("meta"):
        trunk = resnet_trunk(50)
        maps = trunk.levels(torch.empty(1, 3, 112, 112))
    assert sum(parameter.numel() for parameter in trunk.parameters()) == 23_508_032
    assert [tuple(m.shape[1:]) for m in maps] == [(256, 28, 28), (512, 14, 14), (1024, 7, 7), (2048, 4, 4)]
    assert trunk.channels == 2048


@pytest.mark.parametrize("depth", [18, 34])
def test_every_place_equals_a_slow_reference(depth: Depth) -> None:
    torch.manual_seed(1)
    trunk = resnet_trunk(depth, 3, width=1 / 8).double()
    for name, buffer in trunk.named_buffers():
        if buffer.is_floating_point():
            buffer.copy_(torch.rand_like(buffer) + 0.5 * name.endswith("var"))
    frame = torch.rand(3, 33, 33, dtype=torch.double)
    expected = slow.trunk(frame, trunk.state_dict(), stages=3)
    torch.testing.assert_close(trunk.eval()(frame[None])[0], expected)


@pytest.mark.parametrize(("depth", "channels"), [(18, 64), (50, 256)])
def test_a_narrow_one_has_the_same_parts(depth: Depth, channels: int) -> None:
    with torch.device("meta"):
        full, narrow = resnet_trunk(depth), resnet_trunk(depth, width=0.125)
    named = [[(name, type(part)) for name, part in trunk.named_modules()] for trunk in (full, narrow)]
    assert named[0] == named[1]
    assert narrow.channels == channels


def test_it_starts_as_torchvisions() -> None:
    torch.manual_seed(2)
    ours = resnet_trunk(18)
    for name, value in torchvision.models.resnet18().named_parameters():
        if name.startswith("fc"):
            continue
        own = ours.get_parameter(name)
        assert own.std().item() == pytest.approx(value.std().item(), rel=0.05), name
        assert own.mean().item() == pytest.approx(value.mean().item(), abs=0.02), name
