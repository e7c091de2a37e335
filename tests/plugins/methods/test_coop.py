"""CoOp against the construction of the official code, re-stated slowly."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from harness.core.errors import BadOption, HarnessError
from harness.core.recipe import Schedule
from harness.models.trainable import trained_names
from harness.training.optimizer import make_optimizer
from harness_plugins.methods.coop import Options
from harness_plugins.methods.coop.model import CoOp
from helpers import bench
from helpers.towers import CLASSES, all_positions, tiny_backbone, tiny_task, tokenizer


def name_length(name: str) -> int:
    return len(tokenizer().encode(name))


def official_prompts(context: Tensor, position: str) -> tuple[Tensor, Tensor]:
    """`PromptLearner.forward` of the official code: sequences (C, 77, W), and where each is read."""
    count, model, rows = context.shape[-2], tiny_backbone().model, []
    ids = torch.cat([tokenizer()(" ".join(["X"] * count) + " " + name + ".") for name in CLASSES])
    embedding = model.token_embedding(ids)
    prefix, suffix = embedding[:, :1, :], embedding[:, 1 + count :, :]
    context = context.expand(len(CLASSES), -1, -1) if len(context) == 1 else context
    for i, name in enumerate(CLASSES):
        length, half = name_length(name), count // 2
        if position == "end":
            parts = [prefix[i], context[i], suffix[i]]
        else:
            parts = [prefix[i], context[i, :half], suffix[i, :length], context[i, half:], suffix[i, length:]]
        rows.append(torch.cat(parts))
    return torch.stack(rows), ids.argmax(-1)


def built(frames: int = 3, **options: Any) -> CoOp:
    torch.manual_seed(3)
    method = CoOp(tiny_task(frames=frames), Options(**options))
    torch.nn.init.normal_(method.prompts.context)
    return method


VARIANTS = [
    {"class_specific": specific, "class_position": position, "context_tokens": count}
    for specific in (False, True)
    for position in ("end", "middle")
    for count in (1, 4, 5, 16)
]


@pytest.mark.parametrize("options", VARIANTS)
def test_the_prompts_are_the_official_ones(options: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    method, seen = built(**options), []
    forward = type(method.prompts.tower).forward

    def spy(tower: Any, embeddings: Tensor, read_out: Tensor) -> Tensor:
        seen.append((embeddings, read_out))
        return forward(tower, embeddings, read_out)

    monkeypatch.setattr(type(method.prompts.tower), "forward", spy)
    with torch.no_grad():
        method.prompts()
        sequences, read_out = official_prompts(method.prompts.context, options["class_position"])
    ((embeddings, places),) = seen
    assert torch.equal(embeddings, sequences)
    assert torch.equal(places, read_out)


@pytest.mark.parametrize("options", VARIANTS)
@torch.no_grad()
def test_logits_equal_a_straightforward_implementation(options: dict[str, Any]) -> None:
    method, backbone = built(**options).eval(), tiny_backbone()
    features = torch.randn(4, 3, 16)
    video = F.normalize(features.mean(1), dim=-1)
    text = F.normalize(
        all_positions(backbone.model, *official_prompts(method.prompts.context, options["class_position"])), dim=-1
    )
    expected = backbone.model.logit_scale.exp() * video @ text.T
    torch.testing.assert_close(method(features), expected, atol=1e-4, rtol=0)


def test_the_context_starts_small_and_random_or_from_words() -> None:
    torch.manual_seed(0)
    fresh = CoOp(tiny_task(), Options(context_tokens=60, class_specific=True)).prompts.context.detach()
    assert fresh.shape == (3, 60, 32)
    assert float(fresh.mean().abs()) < 2e-3
    assert float(fresh.std()) == pytest.approx(0.02, rel=0.05)
    assert not torch.equal(fresh[0], fresh[1])
    words = CoOp(tiny_task(), Options(init="a photo of a", context_tokens=16)).prompts.context
    ids = tokenizer()(["a photo of a"])[0, 1:5]
    assert torch.equal(words, tiny_backbone().model.token_embedding(ids)[None])
    each = CoOp(tiny_task(), Options(init="a photo of a", class_specific=True)).prompts.context
    assert torch.equal(each, words.expand(3, -1, -1))


@torch.no_grad()
def test_from_words_it_starts_as_the_written_prompt() -> None:
    prompts = CoOp(tiny_task(), Options(init="a photo of a")).prompts()
    written = tiny_backbone().encode_text([f"a photo of a {name}." for name in CLASSES])
    torch.testing.assert_close(prompts, F.normalize(written, dim=-1), atol=1e-5, rtol=0)


def test_starting_from_words_trains_no_embedding_of_the_tower() -> None:
    method = CoOp(tiny_task(), Options(init="a photo of a"))
    table = tiny_backbone().model.token_embedding.weight
    before = table.detach().clone()
    with torch.no_grad():
        method.prompts.context += 1.0
    assert torch.equal(table, before)


def test_too_many_tokens_say_how_many_fit() -> None:
    room = 77 - 3 - max(map(name_length, CLASSES))
    assert CoOp(tiny_task(), Options(context_tokens=room)).prompts.read_out.max() == 76
    with pytest.raises(BadOption, match=rf"coop\.context_tokens: {room + 1} do not fit .* at most {room}"):
        CoOp(tiny_task(), Options(context_tokens=room + 1))
    with pytest.raises(BadOption, match=rf"74 do not fit .* at most {room}"):
        CoOp(tiny_task(), Options(init="very " * 74))
    with pytest.raises(HarnessError, match=r"has 102 tokens, .* takes 77"):
        CoOp(tiny_task(), Options(init="very " * 100))


def test_a_tower_that_is_not_causal_is_an_error() -> None:
    backbone = tiny_backbone("custom", '{"no_causal_mask": true, "pool_type": "last"}')
    with pytest.raises(HarnessError, match="prompts cannot be learned"):
        CoOp(tiny_task(backbone=backbone), Options())


def test_the_recipe_is_the_official_one() -> None:
    (stage,) = CoOp(tiny_task(), Options()).stages()
    assert (stage.optimizer, stage.momentum, stage.weight_decay, stage.decay_vectors) == ("sgd", 0.9, 5e-4, True)
    assert (stage.epochs, stage.batch_size, stage.accumulate, stage.clip_norm) == (50, 32, 1, 0.0)
    assert dict(stage.lr) == {"prompts.context": 0.002}
    expected = Schedule("cosine", "epoch", warmup_epochs=1, warmup="constant", warmup_lr=1e-5, period="all")
    assert stage.schedule == expected
    defaults = Options()
    assert (defaults.context_tokens, defaults.class_specific, defaults.class_position) == (16, False, "end")


@pytest.mark.parametrize("specific", [False, True])
def test_only_the_context_moves(specific: bool) -> None:
    method = CoOp(tiny_task(), Options(context_tokens=4, class_specific=specific)).train()
    (stage,) = method.stages()
    assert trained_names(method, [stage]) == ["prompts.context"]
    before = {name: p.detach().clone() for name, p in method.named_parameters()}
    optimizer = make_optimizer(method, stage)
    optimizer.param_groups[0]["lr"] = 1.0
    method.loss(method(torch.randn(4, 3, 16)), torch.tensor([0, 1, 2, 0])).backward()
    optimizer.step()
    assert [n for n, p in method.named_parameters() if not torch.equal(p, before[n])] == ["prompts.context"]
    assert [n for n, p in method.named_parameters() if p.grad is not None] == ["prompts.context"]
    moved = (method.prompts.context - before["prompts.context"]).abs().sum(-1)  # (1 or C, M)
    assert (moved > 0).all()


def test_loss_goes_down_on_the_toy(toy_root: Path, toy_plugin: None, tmp_path: Path) -> None:
    """Below where it started and below what guessing costs."""
    recipe = {"epochs": 30, "class_specific": True, "input.views": 1, "input.augmentation": []}
    given = bench.plan(toy_root, tmp_path / "runs", "coop", set={"coop": recipe})
    (result,) = bench.run(given)
    losses = bench.history(given)[0]["loss"].tolist()
    assert len(losses) == 30
    assert losses[-1] < min(losses[0] - 0.1, math.log(3))
    assert result["cost"]["params_trainable"] == 3 * 2 * 16
