"""Pre-norm layers: equal to their equations, with the names and counts of public files."""

from __future__ import annotations

import pytest
import torch

from harness.models import PreNorm
from helpers import slow_networks as slow


@pytest.mark.parametrize(("width", "heads", "head_width", "hidden"), [(12, 3, 4, 10), (16, 2, 3, 8)])
def test_it_equals_a_slow_reference(width: int, heads: int, head_width: int, hidden: int) -> None:
    torch.manual_seed(3)
    layers = PreNorm(width, 2, heads, head_width, hidden).double()
    for parameter in layers.parameters():
        parameter.data += 0.3 * torch.randn_like(parameter)
    tokens = torch.randn(2, 5, width, dtype=torch.double)
    weights = {f"t.{name}": value for name, value in layers.state_dict().items()}
    expected = torch.stack([slow.prenorm(row, weights, "t", heads, head_width) for row in tokens])
    torch.testing.assert_close(layers(tokens), expected)


@pytest.mark.parametrize(("sizes", "count"), [((512, 8, 64, 1024), 2_101_248), ((256, 8, 32, 512), 526_336)])
def test_parameters_of_a_layer(sizes: tuple[int, int, int, int], count: int) -> None:
    with torch.device("meta"):
        width, *rest = sizes
        assert sum(p.numel() for p in PreNorm(width, 1, *rest).parameters()) == count


def test_names_are_those_of_public_files() -> None:
    names = [name for name, _ in PreNorm(8, 1, 2, 4, 16).named_parameters()]
    assert names == [
        "layers.0.0.fn.norm.weight",
        "layers.0.0.fn.norm.bias",
        "layers.0.0.fn.fn.to_qkv.weight",
        "layers.0.0.fn.fn.to_out.0.weight",
        "layers.0.0.fn.fn.to_out.0.bias",
        "layers.0.1.fn.norm.weight",
        "layers.0.1.fn.norm.bias",
        "layers.0.1.fn.fn.net.0.weight",
        "layers.0.1.fn.fn.net.0.bias",
        "layers.0.1.fn.fn.net.3.weight",
        "layers.0.1.fn.fn.net.3.bias",
    ]
