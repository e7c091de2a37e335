"""Multiply-adds against counts worked out by hand, and parameters."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from harness import backbones, weights
from harness.cost import cost_of, count
from harness.method import Method, Task
from harness.specs import FrameInput, Stage
from harness_plugins.methods.coop import Options as CoOpOptions
from harness_plugins.methods.coop.model import CoOp
from harness_plugins.methods.zero_shot_clip import Options
from harness_plugins.methods.zero_shot_clip.model import ZeroShotClip
from tests.towers import TEXT, VISION, tiny_backbone, tiny_task

SEVEN = ("happiness", "sadness", "neutral", "anger", "surprise", "disgust", "fear")


def vit(tokens: int, width: int, layers: int, patch: int, joint: int) -> int:
    """A ViT's multiply-adds on one square image: patches, layers, projection."""
    linear = 12 * tokens * width**2  # queries, keys, values, output; 4 times as wide feed-forward
    attention = 2 * tokens**2 * width
    return (tokens - 1) * 3 * patch**2 * width + layers * (linear + attention) + width * joint


def text_tower(tokens: int, width: int, layers: int, joint: int) -> int:
    return layers * (12 * tokens * width**2 + 2 * tokens**2 * width) + width * joint


@pytest.fixture(scope="module")
def vit_b_32() -> backbones.Backbone:
    return backbones.load(weights.resolve("ViT-B-32:random"))


def test_the_hand_count_is_that_of_the_papers() -> None:
    assert vit(50, 768, 12, 32, 512) / 1e9 == pytest.approx(4.409, rel=1e-3)
    assert 8 * vit(50, 768, 12, 32, 512) / 1e9 == pytest.approx(35.27, rel=1e-3)


@pytest.mark.parametrize("training", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_vit_b_32(vit_b_32: backbones.Backbone, training: bool) -> None:
    """In evaluation mode, too, in which a fused kernel would hide the attention."""
    visual = vit_b_32.model.visual.train(training)
    macs, left = count(visual, torch.zeros(1, 3, 224, 224))
    visual.eval()
    assert macs == vit(50, 768, 12, 32, 512)
    assert macs / 1e9 == pytest.approx(4.409, rel=1e-3)
    assert left["aten::layer_norm"] == 26
    assert "aten::_native_multi_head_attention" not in left
    assert "aten::scaled_dot_product_attention" not in left


@pytest.mark.slow
def test_methods_on_vit_b_32(vit_b_32: backbones.Backbone) -> None:
    task = Task(SEVEN, vit_b_32, FrameInput(frames=8, size=224))
    zero = cost_of(ZeroShotClip(task, Options()), task)
    assert zero["gflops"] == pytest.approx(35.27, rel=1e-3)
    longest = 14  # start, "a photo of a face with an expression of", one word, period, end
    assert zero["gflops_text"] == pytest.approx(7 * text_tower(longest, 512, 12, 512) / 1e9, rel=1e-9)
    assert (zero["params_trainable"], zero["params_stored"]) == (0, 0)
    assert zero["params_total"] == sum(p.numel() for p in vit_b_32.model.parameters()) - 1  # all but the logit scale
    assert zero["params_total"] == pytest.approx(151.28e6, rel=1e-4)
    for options, expected in ((CoOpOptions(), 8_192), (CoOpOptions(class_specific=True), 57_344)):
        method = CoOp(task, options)
        method_cost = cost_of(method, task)
        assert method_cost["gflops"] == zero["gflops"]
        length = int(method.prompts.read_out.max()) + 1
        assert method_cost["gflops_text"] == pytest.approx(7 * text_tower(length, 512, 12, 512) / 1e9, rel=1e-9)
        assert method_cost["params_trainable"] == method_cost["params_stored"] == expected
        assert method_cost["params_total"] == zero["params_total"] + expected


@pytest.mark.parametrize("frames", [1, 3, 16])
def test_a_frozen_encoder_costs_its_frames(frames: int) -> None:
    task = tiny_task(frames=frames)
    cost = cost_of(ZeroShotClip(task, Options()), task)
    classes, joint = 3, 16
    frame = vit(5, VISION["width"], VISION["layers"], VISION["patch_size"], joint)
    assert cost["gflops"] * 1e9 == pytest.approx(frames * frame + joint * classes)
    assert cost["text"] == "cached"


def test_the_text_side_is_counted_to_the_longest_prompt() -> None:
    task = tiny_task()
    one = cost_of(ZeroShotClip(task, Options(("{}.",))), task)["gflops_text"] * 1e9
    lengths = task.backbone.text_tower.read_out(task.backbone.tokenize([f"{c}." for c in task.classes])) + 1
    assert one == pytest.approx(3 * text_tower(int(lengths.max()), TEXT["width"], TEXT["layers"], 16))
    two = cost_of(ZeroShotClip(task, Options(("{}.", "{}."))), task)["gflops_text"] * 1e9
    assert two == pytest.approx(2 * one)


def test_counting_leaves_no_trace() -> None:
    task = tiny_task()
    method, before = CoOp(task, CoOpOptions(context_tokens=2)), torch.backends.mha.get_fastpath_enabled()
    features = torch.randn(2, 3, 16)
    torch.manual_seed(5)
    with torch.no_grad():
        expected = method(features)
    context = method.prompts.context.detach().clone()
    cost_of(method, task)
    assert torch.backends.mha.get_fastpath_enabled() == before
    assert torch.equal(method.prompts.context, context)
    with torch.no_grad():
        assert torch.equal(method(features), expected)


@pytest.mark.parametrize(("steps", "inputs", "width"), [(4, 6, 8), (9, 6, 8), (4, 3, 16)])
@pytest.mark.parametrize("layers", [1, 3])
@pytest.mark.parametrize("both_ways", [False, True])
@pytest.mark.parametrize("batch_first", [False, True])
def test_lstm(steps: int, inputs: int, width: int, layers: int, both_ways: bool, batch_first: bool) -> None:
    """Four gates; each step of each sequence multiplies the input and the state with a matrix of its own."""
    lstm = nn.LSTM(inputs, width, layers, bidirectional=both_ways, batch_first=batch_first)
    ways, batch = 1 + both_ways, 2
    expected = sum(
        ways * 4 * width * ((inputs if layer == 0 else ways * width) + width) * steps * batch for layer in range(layers)
    )
    shape = (batch, steps, inputs) if batch_first else (steps, batch, inputs)
    assert count(lstm.eval(), torch.zeros(shape))[0] == expected


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
    assert count(Attend(width, weights, masked).train(training), torch.zeros(batch, steps, width))[0] == expected


@pytest.mark.parametrize("training", [False, True])
def test_a_transformer_layer_of_pytorch(training: bool) -> None:
    layer = nn.TransformerEncoderLayer(16, 4, 40, batch_first=True, dropout=0.0).train(training)
    expected = 2 * (4 * 6 * 16**2 + 2 * 6**2 * 16 + 2 * 6 * 16 * 40)
    assert count(layer, torch.zeros(2, 6, 16))[0] == expected


class Products(nn.Module):
    """Cross-attention by the functional form, keys and values of other widths and lengths."""

    def forward(self, x: Tensor) -> Tensor:  # (B, L, E)
        key, value = torch.zeros(2, 7, 5), torch.zeros(2, 7, 11)
        return F.scaled_dot_product_attention(x, key, value)


def test_attention_of_unequal_widths() -> None:
    assert count(Products(), torch.zeros(2, 4, 5))[0] == 2 * (4 * 7 * 5 + 4 * 7 * 11)


class Leftovers(nn.Module):
    """One product, and what is no product."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(8, 8)
        self.norms = nn.ModuleList([nn.LayerNorm(8), nn.LayerNorm(8)])
        self.gru = nn.GRU(8, 8)

    def forward(self, x: Tensor) -> Tensor:  # (B, L, 8)
        x = self.norms[1](self.norms[0](self.linear(x)).sigmoid())
        x = F.interpolate(x[None], scale_factor=2)[0]
        return self.gru(F.adaptive_avg_pool2d(x, (4, 8)))[0]  # type: ignore[no-any-return]


def test_what_is_not_counted_is_listed() -> None:
    macs, left = count(Leftovers(), torch.zeros(2, 5, 8))
    assert macs == 2 * 5 * 8 * 8
    expected = {"layer_norm": 2, "sigmoid": 1, "upsample_nearest2d": 1, "adaptive_avg_pool2d": 1, "gru": 1}
    assert Counter(left) >= Counter({f"aten::{name}": times for name, times in expected.items()})


class Trained(Method):
    """A method of its own, fed frames, in two stages."""

    def __init__(self, task: Task) -> None:
        super().__init__()
        self.body = nn.Conv2d(3, 2, 4, 4, bias=False)
        self.head = nn.Linear(2, len(task.classes))
        self.idle = nn.Linear(7, 7)

    def forward(self, inputs: Tensor) -> Tensor:
        maps = self.body(inputs.flatten(0, 1))  # (B*T, 2, 8, 8)
        return self.head(maps.mean((2, 3)).unflatten(0, inputs.shape[:2]).mean(1))  # type: ignore[no-any-return]

    def stages(self) -> list[Stage]:
        lr: dict[str, Any] = {"a": {"head.weight": 0.1}, "b": {"body": 0.1, "head.weight": 0.1}}
        return [Stage(name, 1, 4, rates) for name, rates in lr.items()]


def test_a_method_without_encoder_is_traced_whole() -> None:
    task = tiny_task(frames=5)
    cost = cost_of(Trained(task), task)
    assert cost["gflops"] * 1e9 == pytest.approx(5 * (8 * 8 * 3 * 2 * 16) + 2 * 3)
    assert cost["gflops_text"] == 0
    assert cost["params_trainable"] == 3 * 2 * 16 + 2 * 3
    assert cost["params_stored"] == cost["params_total"] == 3 * 2 * 16 + 2 * 3 + 3 + 56


def test_towers_that_are_not_causal_are_counted_too() -> None:
    backbone = tiny_backbone("custom", '{"no_causal_mask": true, "pool_type": "last"}')
    task = tiny_task(backbone=backbone)
    cost = cost_of(ZeroShotClip(task, Options()), task)
    assert cost["gflops_text"] * 1e9 == pytest.approx(3 * text_tower(77, TEXT["width"], TEXT["layers"], 16))
    assert cost["params_total"] == sum(p.numel() for p in backbone.model.parameters()) - 1
