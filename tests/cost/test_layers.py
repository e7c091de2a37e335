"""The paper's convention against counts worked out by hand: only layers that are called as modules."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from harness.cost.layers import count


class Mixed(nn.Module):
    """Layers that are called, beside products that such a counter does not see."""

    def __init__(self) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, 8, 4, 4, groups=1)
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)
        self.norm = nn.LayerNorm(8)
        self.lstm = nn.LSTM(8, 6, num_layers=2, bidirectional=True, batch_first=True)
        self.head = nn.Linear(12, 5)
        self.matrix = nn.Parameter(torch.zeros(5, 7))

    def forward(self, x: Tensor) -> Tensor:  # (B, 3, 8, 8)
        x = self.patches(x).flatten(2).transpose(1, 2)  # (B, 4, 8)
        x = self.norm(self.attention(x, x, x, need_weights=False)[0])
        return self.head(self.lstm(x)[0]) @ self.matrix  # type: ignore[no-any-return]


PATCHES = 4 * (3 * 4 * 4) * 8
LSTM = 4 * 2 * 4 * 6 * ((8 + 6) + (12 + 6))  # steps, ways, gates x width x (inputs + state) of both layers
HEAD = 4 * 12 * 5


@torch.no_grad()
def test_what_is_called_as_a_module_is_counted() -> None:
    found = count(Mixed(), torch.zeros(2, 3, 8, 8))
    assert found.macs == 2 * (PATCHES + LSTM + HEAD)
    assert found.uncounted == {"MultiheadAttention": 1, "LayerNorm": 1, "Mixed": 1}


@pytest.mark.parametrize("frozen", [(), ("patches",), ("patches", "attention", "norm", "lstm")])
def test_a_backward_pass_costs_its_weights_and_its_input(frozen: tuple[str, ...]) -> None:
    module = Mixed()
    for name in frozen:
        getattr(module, name).requires_grad_(False)
    passes = {"patches": 1 + (not frozen), "lstm": 3 if len(frozen) < 4 else 1, "head": 3 if len(frozen) < 4 else 2}
    expected = 2 * (passes["patches"] * PATCHES + passes["lstm"] * LSTM + passes["head"] * HEAD)
    assert count(module, torch.zeros(2, 3, 8, 8)).macs == expected


@pytest.mark.parametrize(
    ("layer", "shape", "expected"),
    [
        (nn.Conv1d(4, 6, 3, padding=1, groups=2), (2, 4, 5), 2 * 5 * 6 * 2 * 3),
        (nn.Conv3d(3, 2, (1, 2, 2)), (1, 3, 2, 4, 4), (2 * 3 * 3) * 2 * 3 * 4),
        (nn.ConvTranspose2d(4, 6, 2, 2), (2, 4, 3, 3), 2 * 9 * 4 * 6 * 4),
        (nn.Linear(3, 4), (2, 5, 6, 3), 60 * 12),
        (nn.LSTM(3, 4, bidirectional=True), (5, 2, 3), 10 * 2 * 16 * (3 + 4)),
        (nn.GRU(3, 4), (5, 2, 3), 0),
    ],
)
@torch.no_grad()
def test_layers(layer: nn.Module, shape: tuple[int, ...], expected: int) -> None:
    assert count(layer, torch.zeros(shape)).macs == expected


@pytest.mark.parametrize(
    ("layer", "shape", "expected"),
    [
        (nn.Conv3d(3, 2, (1, 2, 2)), (1, 3, 2, 4, 4), (2 * 3 * 3) * 2 * (3 * 4 + 1)),
        (nn.Conv2d(3, 2, 2, bias=False), (1, 3, 4, 4), (3 * 3) * 2 * 3 * 4),
        (nn.BatchNorm3d(3), (2, 3, 4, 5, 6), 2 * 2 * 3 * 4 * 5 * 6),
        (nn.LayerNorm(3), (2, 3), 0),
        (nn.Linear(3, 4), (2, 5, 3), 10 * 12),
        (nn.LSTM(3, 4), (5, 2, 3), 10 * 4 * 4 * (3 + 4)),
        (nn.GRU(3, 4), (5, 2, 3), 10 * 3 * 4 * (3 + 4)),
    ],
)
@torch.no_grad()
def test_layers_with_biases_and_normalisation(layer: nn.Module, shape: tuple[int, ...], expected: int) -> None:
    assert count(layer.eval(), torch.zeros(shape), convention="thop").macs == expected


def test_a_layer_that_is_used_twice_counts_twice() -> None:
    layer = nn.Linear(3, 3)
    with torch.no_grad():
        assert count(nn.Sequential(layer, layer), torch.zeros(2, 3)).macs == 2 * 2 * 9
