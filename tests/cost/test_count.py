"""Multiply-adds against counts worked out by hand, and parameters."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from harness.core.frame_input import FrameInput
from harness.core.recipe import Stage
from harness.cost.count import cost_of, count
from harness.models import backbone as backbones
from harness.models import weights
from harness.models.method import Method, Task
from harness.plugin import registry
from harness_plugins.methods.coop import Options as CoOpOptions
from harness_plugins.methods.coop.model import CoOp
from harness_plugins.methods.zero_shot_clip import Options
from harness_plugins.methods.zero_shot_clip.model import ZeroShotClip
from helpers.flops_by_hand import text_tower, vit
from helpers.towers import TEXT, VISION, tiny_backbone, tiny_task

SEVEN = ("happiness", "sadness", "neutral", "anger", "surprise", "disgust", "fear")


@pytest.fixture(scope="module")
def vit_b_32() -> backbones.Backbone:
    return backbones.load(weights.resolve("ViT-B-32:random", registry.backbones()))


def test_the_hand_count_is_that_of_the_papers() -> None:
    assert vit(50, 768, 12, 32, 512) / 1e9 == pytest.approx(4.409, rel=1e-3)
    assert 8 * vit(50, 768, 12, 32, 512) / 1e9 == pytest.approx(35.27, rel=1e-3)


@pytest.mark.parametrize("training", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_vit_b_32(vit_b_32: backbones.Backbone, training: bool) -> None:
    """In evaluation mode, too, in which a fused kernel would hide the attention."""
    visual = vit_b_32.model.visual.train(training)
    found = count(visual, torch.zeros(1, 3, 224, 224))
    visual.eval()
    macs, left = found.macs, found.uncounted
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
