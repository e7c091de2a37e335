"""Single operators against counts worked out by hand, and what fvcore leaves out on its own."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from harness.core.errors import NotCounted
from harness.cost import graph
from harness.cost.graph import count


@pytest.mark.parametrize(("steps", "inputs", "width"), [(4, 6, 8), (9, 6, 8), (4, 3, 16)])
@pytest.mark.parametrize("layers", [1, 3])
@pytest.mark.parametrize("both_ways", [False, True])
@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize(("kind", "gates"), [(nn.LSTM, 4), (nn.GRU, 3)])
def test_recurrent(
    kind: type[nn.RNNBase],
    gates: int,
    steps: int,
    inputs: int,
    width: int,
    layers: int,
    both_ways: bool,
    batch_first: bool,
) -> None:
    """Four gates or three; each step of each sequence multiplies the input and the state with a matrix of its own."""
    module = kind(inputs, width, layers, bidirectional=both_ways, batch_first=batch_first)
    ways, batch = 1 + both_ways, 2
    expected = sum(
        ways * gates * width * ((inputs if layer == 0 else ways * width) + width) * steps * batch
        for layer in range(layers)
    )
    shape = (batch, steps, inputs) if batch_first else (steps, batch, inputs)
    assert count(module.eval(), torch.zeros(shape)).macs == expected


class Attend(nn.Module):
    """Self-attention as methods may call it."""

    def __init__(self, width: int, weights: bool, masked: bool) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(width, 2, batch_first=True)
        self.weights = weights
        self.masked = masked

    def forward(self, x: Tensor) -> Tensor:
        mask = torch.full((x.shape[1], x.shape[1]), -torch.inf).triu(1) if self.masked else None
        return self.attention(x, x, x, need_weights=self.weights, attn_mask=mask)[0]  # type: ignore[no-any-return]


@pytest.mark.parametrize(("steps", "width"), [(4, 8), (8, 8), (4, 32)])
@pytest.mark.parametrize("weights", [False, True])
@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("training", [False, True])
def test_multi_head_attention(steps: int, width: int, weights: bool, masked: bool, training: bool) -> None:
    batch = 3
    expected = batch * (4 * steps * width**2 + 2 * steps**2 * width)
    assert count(Attend(width, weights, masked).train(training), torch.zeros(batch, steps, width)).macs == expected


@pytest.mark.parametrize("training", [False, True])
def test_a_transformer_layer_of_pytorch(training: bool) -> None:
    layer = nn.TransformerEncoderLayer(16, 4, 40, batch_first=True, dropout=0.0).train(training)
    expected = 2 * (4 * 6 * 16**2 + 2 * 6**2 * 16 + 2 * 6 * 16 * 40)
    assert count(layer, torch.zeros(2, 6, 16)).macs == expected


class Products(nn.Module):
    """Cross-attention by the functional form, keys and values of other widths and lengths."""

    def forward(self, x: Tensor) -> Tensor:  # (B, L, E)
        key, value = torch.zeros(2, 7, 5), torch.zeros(2, 7, 11)
        return F.scaled_dot_product_attention(x, key, value)


def test_attention_of_unequal_widths() -> None:
    assert count(Products(), torch.zeros(2, 4, 5)).macs == 2 * (4 * 7 * 5 + 4 * 7 * 11)


class Leftovers(nn.Module):
    """One product, and what is no product."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(8, 8)
        self.norms = nn.ModuleList([nn.LayerNorm(8), nn.LayerNorm(8)])
        self.rnn = nn.RNN(8, 8)

    def forward(self, x: Tensor) -> Tensor:  # (B, L, 8)
        x = self.norms[1](self.norms[0](self.linear(x)).sigmoid())
        x = F.interpolate(x[None], scale_factor=2)[0]
        return self.rnn(F.adaptive_avg_pool2d(x, (4, 8)))[0]  # type: ignore[no-any-return]


def test_what_is_not_counted_is_listed() -> None:
    found = count(Leftovers(), torch.zeros(2, 5, 8))
    assert found.macs == 2 * 5 * 8 * 8
    expected = {"layer_norm": 2, "sigmoid": 1, "upsample_nearest2d": 1, "adaptive_avg_pool2d": 1, "rnn_tanh": 1}
    assert found.uncounted >= Counter({f"aten::{name}": times for name, times in expected.items()})


class Fused(nn.Module):
    """Attention by the operator that PyTorch fuses in evaluation mode."""

    def __init__(self) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:  # (B, L, 8)
        a = self.attention
        return torch._native_multi_head_attention(  # type: ignore[no-any-return]
            x, x, x, 8, 2, a.in_proj_weight, a.in_proj_bias, a.out_proj.weight, a.out_proj.bias, None, False
        )[0]


class Opaque(nn.MultiheadAttention):
    """Attention in a function of its own, which no tracer sees into."""

    def forward(self, query: Tensor, *_: Any, **__: Any) -> tuple[Tensor, None]:  # type: ignore[override]
        return _Hidden.apply(query), None


class _Hidden(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return x * 2


class Wrapped(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inner = Opaque(8, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.inner(x)[0]  # type: ignore[no-any-return]


def test_attention_that_cannot_be_counted_is_an_error() -> None:
    with pytest.raises(NotCounted, match="_native_multi_head_attention"):
        count(Fused().eval(), torch.zeros(2, 3, 8))
    with pytest.raises(NotCounted, match="inner was called, and no attention product"):
        count(Wrapped(), torch.zeros(2, 3, 8))


def test_a_gap_of_fvcore_that_opens_again_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without its handle, attention would be listed as uncounted and the figure be too small."""
    handles = graph._handles
    gap = "aten::scaled_dot_product_attention"
    monkeypatch.setattr(graph, "_handles", lambda left: {k: v for k, v in handles(left).items() if k != gap})
    layer = nn.TransformerEncoderLayer(16, 4, 40, batch_first=True, dropout=0.0).eval()
    with pytest.raises(NotCounted, match="scaled_dot_product_attention"):
        count(layer, torch.zeros(2, 6, 16))
