"""Former-DFER: its counts, its equations, its files, and what its options leave out."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from harness_plugins.methods.former_dfer import Options
from harness_plugins.methods.former_dfer.model import FormerDfer
from helpers import slow_networks as slow
from helpers.pixels import at_random, macs_of, parameters_of, pixel_task
from helpers.public_files import assert_takes_public_file

FRAMES, SIZE = 3, 32


def small(**options: Any) -> FormerDfer:
    torch.manual_seed(4)
    task = pixel_task(frames=FRAMES, size=SIZE)
    return at_random(FormerDfer(task, Options(width=0.125, **options))).eval()


def logits(clip: Tensor, method: FormerDfer) -> Tensor:
    """The network's description, frame by frame."""
    w, options = method.state_dict(), method.options
    assert isinstance(options, Options)
    frames = []
    for frame in clip:
        maps = slow.trunk(frame, w, "s_former.", 3)
        tokens = maps.flatten(1).T
        if options.spatial_positions:
            tokens = tokens + w["s_former.pos_embedding"][0]
        width = tokens.shape[1]
        tokens = slow.prenorm(tokens, w, "s_former.spatial_transformer", 8, width // 8)
        maps = slow.stage(tokens.T.reshape(maps.shape), w, "s_former.layer4", 2)
        frames.append(maps.mean((1, 2)))
    tokens = torch.stack([w["t_former.cls_token"][0, 0], *frames])
    if options.temporal_positions:
        tokens = tokens + w["t_former.pos_embedding"][0]
    tokens = slow.prenorm(tokens, w, "t_former.transformer", 8, tokens.shape[1] // 8)
    return slow.linear(tokens[0] if options.read_out == "class" else tokens[1:].mean(0), w, "fc")


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"depth_spatial": 1, "depth_temporal": 2},
        {"spatial_positions": False, "read_out": "mean"},
        {"temporal_positions": False, "depth_spatial": 0},
    ],
)
def test_logits_equal_a_slow_reference(options: dict[str, Any]) -> None:
    method = small(**options)
    clips = torch.rand(2, FRAMES, 3, SIZE, SIZE, dtype=torch.double)
    expected = torch.stack([logits(clip, method) for clip in clips])
    torch.testing.assert_close(method(clips).logits, expected)


@pytest.mark.parametrize(
    ("classes", "spatial", "count"),
    [(7, 3, 19_084_615), (11, 3, 19_086_667), (7, 1, 18_031_943), (11, 1, 18_033_995)],
)
def test_parameters(classes: int, spatial: int, count: int) -> None:
    assert parameters_of("former-dfer", classes, depth_spatial=spatial) == count


@pytest.mark.parametrize(("spatial", "gmacs"), [(3, 9.157), (1, 8.296)])
def test_multiply_adds(spatial: int, gmacs: float) -> None:
    assert macs_of("former-dfer", depth_spatial=spatial) / 1e9 == pytest.approx(gmacs, abs=1e-3)


@pytest.mark.parametrize(("file", "spatial"), [("former-dfer", 1), ("former-dfer-3", 3)])
def test_public_files_fit(file: str, spatial: int) -> None:
    assert_takes_public_file("former-dfer", file, depth_spatial=spatial)


@torch.no_grad()
def test_order_and_places_matter_by_positions_alone() -> None:
    """Shuffled frames, and shuffled places before the spatial transformer, change logits where there are positions."""
    clip = torch.rand(1, FRAMES, 3, SIZE, SIZE, dtype=torch.double)
    turned = clip.flip(1)
    method = small()
    assert not torch.allclose(method(clip).logits, method(turned).logits)
    blind = small(temporal_positions=False)
    torch.testing.assert_close(blind(clip).logits, blind(turned).logits)
    for positions in (True, False):
        former = small(spatial_positions=positions).s_former
        maps = torch.rand(1, former.channels // 2, 2, 2, dtype=torch.double)
        mixed = former.mixed(maps.flip(2)).flip(2)
        assert torch.allclose(mixed, former.mixed(maps)) is not positions


def test_positions_and_token_start_at_unit_variance() -> None:
    method = FormerDfer(pixel_task(), Options())
    for start in (method.s_former.pos_embedding, method.t_former.pos_embedding, method.t_former.cls_token):
        assert start.std().item() == pytest.approx(1, abs=0.1)  # type: ignore[union-attr]
