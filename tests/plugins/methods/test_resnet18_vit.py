"""ResNet18-ViT: Former-DFER without its spatial part."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from harness_plugins.methods.resnet18_vit import Options
from harness_plugins.methods.resnet18_vit.model import ResNetVit
from helpers import slow_networks as slow
from helpers.pixels import at_random, built, macs_of, parameters_of, pixel_task
from helpers.trees import assert_same_tree

FRAMES, SIZE = 3, 32


def logits(clip: Tensor, w: slow.Weights, options: Options) -> Tensor:
    frames = [slow.trunk(frame, w, "trunk.").mean((1, 2)) for frame in clip]
    tokens = torch.stack([w["time.cls_token"][0, 0], *frames])
    if options.positions:
        tokens = tokens + w["time.pos_embedding"][0]
    tokens = slow.prenorm(tokens, w, "time.transformer", 8, tokens.shape[1] // 8)
    return slow.linear(tokens[0] if options.read_out == "class" else tokens[1:].mean(0), w, "head")


@pytest.mark.parametrize("options", [{}, {"depth": 1, "positions": False, "read_out": "mean"}])
def test_logits_equal_a_slow_reference(options: dict[str, Any]) -> None:
    torch.manual_seed(7)
    chosen = Options(width=0.125, **options)
    method = at_random(ResNetVit(pixel_task(frames=FRAMES, size=SIZE), chosen)).eval()
    clips = torch.rand(2, FRAMES, 3, SIZE, SIZE, dtype=torch.double)
    expected = torch.stack([logits(clip, method.state_dict(), chosen) for clip in clips])
    torch.testing.assert_close(method(clips).logits, expected)


def test_counts() -> None:
    assert parameters_of("resnet18-vit", 7) == 17_493_063
    assert parameters_of("resnet18-vit", 11) == 17_495_115
    assert parameters_of("resnet18-vit", 7, depth=1) == 13_290_567
    assert macs_of("resnet18-vit") / 1e9 == pytest.approx(7.865, abs=1e-3)


@pytest.mark.parametrize(("start", "spread"), [("unit", 1), ("small", 0.02)])
def test_token_and_positions_start_as_they_should(start: str, spread: float) -> None:
    method = built("resnet18-vit", start=start, width=0.25)
    for name in ("time.cls_token", "time.pos_embedding"):
        assert method.get_parameter(name).std().item() == pytest.approx(spread, rel=0.2)


def test_the_demos_network_has_the_same_modules() -> None:
    assert_same_tree("resnet18-vit")
