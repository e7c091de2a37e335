"""Training steps against counts worked out by hand, and that counting one leaves no trace."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from harness.core.recipe import Stage
from harness.cost.step import on_meta_device, stage_macs, step_macs, whole_training
from harness.models.method import Method
from harness_plugins.methods.coop import Options
from harness_plugins.methods.coop.model import CoOp
from harness_plugins.methods.zero_shot_clip import Options as ZeroOptions
from harness_plugins.methods.zero_shot_clip.model import ZeroShotClip
from helpers.flops_by_hand import text_tower
from helpers.towers import TEXT, tiny_task


class Chain(Method):
    """Two products, with attention or an LSTM between them where asked for."""

    def __init__(self, rates: dict[str, float], between: str = "", reads: bool = False) -> None:
        super().__init__()
        self.first = nn.Linear(6, 8)
        self.between: Any = None
        if between == "lstm":
            self.between = nn.LSTM(8, 8, batch_first=True)
        elif between == "attention":
            self.between = nn.MultiheadAttention(8, 2, batch_first=True)
        self.last = nn.Linear(8, 3)
        self.rates = rates
        self.reads = reads

    def forward(self, inputs: Tensor) -> Tensor:  # (B, T, 6)
        x = self.first(inputs)
        if isinstance(self.between, nn.LSTM):
            x = self.between(x)[0]
        elif self.between is not None:
            x = self.between(x, x, x, need_weights=False)[0]
        if self.reads and float(x.detach().sum()) > 1e9:
            x = -x
        return self.last(x.mean(1))  # type: ignore[no-any-return]

    def stages(self) -> list[Stage]:
        return [Stage("only", 1, 5, self.rates)]


T = 4
FIRST, LAST = 5 * T * 6 * 8, 5 * 8 * 3
ALL = {"first": 0.1, "last": 0.1}


@pytest.mark.parametrize("reads", [False, True])
@pytest.mark.parametrize(
    ("rates", "expected"),
    [
        (ALL, 2 * FIRST + 3 * LAST),  # the input of the first needs no gradient
        ({"last": 0.1}, FIRST + 2 * LAST),  # nothing flows back further
        ({"first": 0.1}, 2 * FIRST + 2 * LAST),
    ],
)
def test_forward_and_backward(rates: dict[str, float], expected: int, reads: bool) -> None:
    """Also of a method that looks at numbers, which there are none of on the `meta` device."""
    assert step_macs(Chain(rates, reads=reads), (T, 6), "fvcore") == (expected, 5)
    assert step_macs(Chain(rates, reads=reads), (T, 6), "paper") == (expected, 5)


@pytest.mark.parametrize("reads", [False, True])
def test_attention_and_lstm(reads: bool) -> None:
    attention, products = 5 * T * 4 * 8**2, 5 * 2 * T**2 * 8
    rates = {**ALL, "between": 0.1}
    macs, _ = step_macs(Chain(rates, "attention", reads), (T, 6), "fvcore")
    assert macs == 2 * FIRST + 3 * (attention + products) + 3 * LAST
    assert step_macs(Chain(rates, "attention", reads), (T, 6), "paper")[0] == 2 * FIRST + 3 * LAST
    lstm = 5 * T * 4 * 8 * (8 + 8)
    assert step_macs(Chain(rates, "lstm", reads), (T, 6), "paper")[0] == 2 * FIRST + 3 * lstm + 3 * LAST
    counted = step_macs(Chain(rates, "lstm", reads), (T, 6), "fvcore")[0] - 2 * FIRST - 3 * LAST
    start = 5 * 4 * 8 * 8  # nobody asks for the gradient of the first state
    assert counted in (3 * lstm, 3 * lstm - start)


def test_the_costliest_stage_counts() -> None:
    method = Chain(ALL)
    stages = [Stage("small", 1, 2, {"last": 0.1}), Stage("large", 1, 9, ALL), Stage("batch", 1, 9, {"last": 0.1})]
    method.stages = lambda: stages  # type: ignore[method-assign]
    assert step_macs(method, (T, 6), "fvcore") == (9 * (2 * FIRST + 3 * LAST) // 5, 9)


def test_all_stages_and_epochs_are_summed_for_one_training_clip() -> None:
    method = Chain(ALL)
    stages = [Stage("head", 3, 2, {"last": 0.1}), Stage("all", 4, 9, ALL), Stage("off", 0, 9, ALL)]
    method.stages = lambda: stages  # type: ignore[method-assign]
    expected = (3 * (FIRST + 2 * LAST) + 4 * (2 * FIRST + 3 * LAST)) / 5  # which are of five clips
    assert whole_training(stage_macs(method, (T, 6), "fvcore")) == pytest.approx(expected)


def test_zero_shot_trains_nothing() -> None:
    assert step_macs(ZeroShotClip(tiny_task(), ZeroOptions()), (3, 16), "fvcore") == (0, 0)


def test_prompts_that_are_trained_are_in_the_step() -> None:
    """Forward, and backward as far as the context: the frozen tower's weights need no gradient."""
    method = CoOp(tiny_task(), Options(context_tokens=2))
    length = int(method.prompts.read_out.max()) + 1
    tower = 3 * text_tower(length, TEXT["width"], TEXT["layers"], 16)
    products = TEXT["layers"] * 3 * 2 * length**2 * TEXT["width"]
    cosine = 32 * 16 * 3
    assert step_macs(method, (3, 16), "fvcore") == (2 * tower + products + 2 * cosine, 32)


def test_counting_leaves_no_trace() -> None:
    method = Chain({"last": 0.1}, "attention").eval()
    before = {name: p.detach().clone() for name, p in method.named_parameters()}
    method.first.weight.requires_grad_(False)
    step_macs(method, (T, 6), "fvcore")
    assert not any(part.training for part in method.modules())
    assert [n for n, p in method.named_parameters() if not p.requires_grad] == ["first.weight"]
    assert all(p.grad is None and torch.equal(p, before[n]) for n, p in method.named_parameters())


def test_a_hollow_lstm_computes_nothing() -> None:
    lstm = nn.LSTM(2, 3, 2, bidirectional=True)
    x = torch.randn(4, 1, 2)
    with torch.no_grad():
        expected = lstm(x)[0]
        with on_meta_device(lstm):
            assert lstm(x.to("meta"))[0].is_meta
        assert torch.equal(lstm(x)[0], expected)


def test_a_hollow_module_comes_back_whole() -> None:
    module = nn.BatchNorm1d(4)
    tied = nn.ModuleList([nn.Linear(2, 2), nn.Linear(2, 2)])
    tied[1].weight = tied[0].weight
    weight, mean = module.weight, module.running_mean
    with on_meta_device(module), on_meta_device(tied):
        assert module.weight.is_meta
        assert module.running_mean is not None
        assert module.running_mean.is_meta
        assert tied[0].weight is tied[1].weight
    assert module.weight is weight
    assert module.running_mean is mean
    with pytest.raises(RuntimeError, match="on purpose"), on_meta_device(module):
        raise RuntimeError("on purpose")
    assert module.weight is weight
