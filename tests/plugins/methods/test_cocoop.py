"""CoCoOp against the official code's forward, re-stated sample by sample on all 77 positions."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from harness.core.errors import BadOption
from harness.core.recipe import Schedule
from harness.cost.count import parameters
from harness.training.optimizer import make_optimizer
from harness_plugins.methods.cocoop import Options
from harness_plugins.methods.cocoop.model import CoCoOp
from helpers import slow_transformer as slow
from helpers.towers import CLASSES, all_positions, double_backbone, tiny_backbone, tiny_task, tokenizer

D, W, FRAMES = 16, 32, 3


def built(**options: Any) -> CoCoOp:
    torch.manual_seed(3)
    method = CoCoOp(tiny_task(frames=FRAMES), Options(**options))
    torch.nn.init.normal_(method.prompts.context, std=0.5)
    return method


def naive(method: CoCoOp, features: Tensor) -> Tensor:
    """The official `CustomCLIP.forward`: every sample's prompts alone through the whole tower."""
    model, context, rows = tiny_backbone().model, method.prompts.context, []
    ids = torch.cat([tokenizer()(" ".join(["X"] * len(context)) + " " + name + ".") for name in CLASSES])
    embedding = model.token_embedding(ids)
    prefix, suffix = embedding[:, :1], embedding[:, 1 + len(context) :]
    video = features.mean(1)
    video = video / video.norm(dim=-1, keepdim=True)
    for one in video:
        hidden = (one @ method.meta_net[0].weight.T + method.meta_net[0].bias).clamp(min=0)
        shift = hidden @ method.meta_net[2].weight.T + method.meta_net[2].bias
        shifted = (context + shift).expand(len(CLASSES), -1, -1)
        text = all_positions(model, torch.cat([prefix, shifted, suffix], dim=1), ids.argmax(-1))
        text = text / text.norm(dim=-1, keepdim=True)
        rows.append(model.logit_scale.exp() * one @ text.T)
    return torch.stack(rows)


@pytest.mark.parametrize("options", [{}, {"init": "", "context_tokens": 7}, {"prompts_at_once": 4}, {"reduction": 3}])
def test_logits_and_gradients_equal_the_official_forward(options: dict[str, Any]) -> None:
    method, features = built(**options).train(), torch.randn(5, FRAMES, D)
    (stage,) = method.stages()
    make_optimizer(method, stage)
    learned = [method.prompts.context, *method.meta_net.parameters()]
    labels = torch.tensor([0, 1, 2, 0, 1])
    ours, theirs = method(features), naive(method, features)
    torch.testing.assert_close(ours, theirs, atol=1e-4, rtol=0)
    found = torch.autograd.grad(method.loss(ours, labels), learned)
    expected = torch.autograd.grad(method.loss(theirs, labels), learned)
    for mine, official in zip(found, expected, strict=True):
        torch.testing.assert_close(mine, official, atol=1e-4, rtol=1e-4)


@torch.no_grad()
def test_probabilities_are_those_of_the_equations() -> None:
    """Eq. 3 and 4 in float64, with a text tower of loops."""
    torch.manual_seed(2)
    backbone = double_backbone()
    method = CoCoOp(tiny_task(frames=FRAMES, backbone=backbone), Options()).double().eval()
    clip = torch.randn(FRAMES, D, dtype=torch.float64)
    video = sum(clip) / FRAMES
    video = video / (video * video).sum() ** 0.5
    first, _, last = method.meta_net
    hidden = torch.stack([max(value, 0 * value) for value in first.weight @ video + first.bias])
    shift = last.weight @ hidden + last.bias
    parts = []
    for name in CLASSES:
        ids = tokenizer()(f"X X X X {name}.")[0]
        place = int(ids.argmax())
        table = backbone.model.token_embedding.weight
        words = [table[i] for i in ids.tolist()[: place + 1]]
        words[1:5] = [token + shift for token in method.prompts.context]
        text = slow.text_tower(torch.stack(words), place, backbone.model)
        parts.append((backbone.model.logit_scale.exp() * (text * video).sum() / (text * text).sum() ** 0.5).exp())
    expected = torch.stack(parts) / sum(parts)
    torch.testing.assert_close(method(clip[None]).softmax(-1)[0], expected, atol=1e-5, rtol=0)


@torch.no_grad()
def test_without_a_shift_it_is_the_written_prompt() -> None:
    method = CoCoOp(tiny_task(), Options())
    written = tiny_backbone().encode_text([f"a photo of a {name}." for name in CLASSES])
    text = method.prompts(torch.zeros(2, W))
    torch.testing.assert_close(
        text, torch.nn.functional.normalize(written, dim=-1).expand(2, -1, -1), atol=1e-5, rtol=0
    )


def test_only_the_context_and_the_meta_network_move() -> None:
    method = built().train()
    (stage,) = method.stages()
    optimizer = make_optimizer(method, stage)
    for group in optimizer.param_groups:
        group["lr"] = 0.1
    before = {name: p.detach().clone() for name, p in method.named_parameters()}
    method.loss(method(torch.randn(4, FRAMES, D)), torch.tensor([0, 1, 2, 0])).backward()
    optimizer.step()
    moved = {name for name, p in method.named_parameters() if not torch.equal(p, before[name])}
    expected = {"prompts.context", *(f"meta_net.{i}.{part}" for i in (0, 2) for part in ("weight", "bias"))}
    assert moved == expected == {name for name, p in method.named_parameters() if p.grad is not None}


@pytest.mark.parametrize("reduction", [4, 16])
def test_parameters_follow_the_formula(reduction: int) -> None:
    hidden = D // reduction
    count = 4 * W + D * hidden + hidden + hidden * W + W
    found = parameters(built(reduction=reduction), tiny_backbone())
    assert found["params_trainable"] == found["params_stored"] == count


def test_the_recipe_is_the_official_one_but_for_the_batch() -> None:
    (stage,) = CoCoOp(tiny_task(), Options()).stages()
    assert (stage.optimizer, stage.momentum, stage.weight_decay, stage.epochs) == ("sgd", 0.9, 5e-4, 10)
    assert (stage.batch_size, stage.accumulate) == (8, 1)
    assert dict(stage.lr) == {"prompts.context": 0.002, "meta_net": 0.002}
    assert stage.schedule == Schedule("cosine", warmup_epochs=1, warmup="constant", warmup_lr=1e-5, period="all")
    (parts,) = CoCoOp(tiny_task(), Options(batch_size=32, accumulate=4)).stages()
    assert (parts.batch_size, parts.accumulate) == (32, 4)


def test_the_tower_sees_all_samples_and_classes_at_once_as_far_as_they_are_read() -> None:
    method, sizes = built(prompts_at_once=10), []
    hook = method.prompts.tower.transformer.register_forward_pre_hook(
        lambda m, args: sizes.append(tuple(args[0].shape))
    )
    with torch.no_grad():
        method(torch.randn(5, FRAMES, D))
    hook.remove()
    longest = int(method.prompts.read_out.max()) + 1
    assert sizes == [(10, longest, W), (5, longest, W)]


def test_too_many_tokens_say_how_many_fit() -> None:
    with pytest.raises(BadOption, match=r"cocoop\.context_tokens: 75 do not fit .* at most 68"):
        CoCoOp(tiny_task(), Options(context_tokens=75, init=""))
