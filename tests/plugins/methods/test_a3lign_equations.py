"""A3lign-DFER against Eq. 1 to 6 of the paper, written out slowly in float64."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from harness_plugins.methods.a3lign import Options
from harness_plugins.methods.a3lign.encoder import DynamicEncoder, Mean
from harness_plugins.methods.a3lign.model import A3lign
from helpers import slow_transformer as slow
from helpers.towers import CLASSES, double_backbone, tiny_task

FRAMES, HEADS = 3, 2
SMALL = {"sentences": 2, "tokens": 3, "heads": HEADS, "text_steps": (1,), "video_steps": (1, 2), "joint_steps": (2,)}


def method_after(stages: int, **options: Any) -> A3lign:
    """The method with the structure of some stages begun, every parameter of its own at random, in float64."""
    torch.manual_seed(5)
    method = A3lign(
        tiny_task(frames=FRAMES, backbone=double_backbone()), Options(**{**SMALL, "base_layers": 1, **options})
    )
    for stage in list(method.stages())[:stages]:
        if stage.before:
            stage.before()
    shared = {id(p) for p in method.mat.tower.parameters()}
    for parameter in method.double().parameters():
        if id(parameter) not in shared:
            parameter.data += 0.3 * torch.randn_like(parameter)
    return method.eval()


def read_and_place(tokens: Tensor, layout: str, model: Any) -> tuple[Tensor, int]:
    """Eq. 2: one sentence as embeddings, and the place of its end token."""
    table = model.token_embedding.weight
    sos, period, eos = table[49406], table[269], table[49407]
    zeros = [torch.zeros_like(sos)] * (74 - len(tokens)) if layout == "literal" else []
    sequence = torch.stack([sos, *tokens, *zeros, period, eos])
    return sequence, len(sequence) - 1


def dynamic_encoder(sequence: Tensor, encoder: nn.Module, pre: bool = True) -> Tensor:
    """Eq. 4: a transformer over time, averaged."""
    if isinstance(encoder, Mean):
        return sum(sequence) / len(sequence)  # type: ignore[return-value]
    assert isinstance(encoder, DynamicEncoder)
    x = sequence if encoder.positions is None else sequence + encoder.positions[0]
    for part in encoder.layers:
        x = slow.layer(x, part.state_dict(), HEADS, pre=pre)
    return sum(x) / len(x)  # type: ignore[return-value]


def probabilities(method: A3lign, clip: Tensor) -> Tensor:
    """Eq. 1 to 6 for one clip (T, D)."""
    sides = method.synchronizer or method
    text_encoder, video_encoder = (
        (sides.text, sides.video) if method.synchronizer else (method.text_encoder, method.video_encoder)
    )
    model, options = method.mat.tower.whole.__self__, method.options  # type: ignore[union-attr]
    pre = options.norm == "pre"
    video = dynamic_encoder(clip, video_encoder, pre)  # type: ignore[arg-type]
    similarities = []
    for tokens_of_class in method.mat.tokens:
        sentences = [
            slow.text_tower(*read_and_place(tokens, options.mat_layout, model), model) for tokens in tokens_of_class
        ]
        text = dynamic_encoder(torch.stack(sentences), text_encoder, pre)  # type: ignore[arg-type]
        similarities.append((text * video).sum() / ((text * text).sum() ** 0.5 * (video * video).sum() ** 0.5))
    temperature = 1 / model.logit_scale.exp()
    parts = torch.stack(similarities).div(temperature).exp()
    return parts / parts.sum()


CASES: list[tuple[int, dict[str, Any]]] = [
    *((stages, {}) for stages in range(1, 5)),
    (1, {"text_steps": ()}),
    (3, {"norm": "post"}),
    (4, {"positions": False}),
    (4, {"synchronizer": "shared-base"}),
    (4, {"synchronizer": "separate"}),
    (1, {"paradigm": "all-at-once"}),
]


@pytest.mark.parametrize(("stages", "options"), CASES)
@torch.no_grad()
def test_probabilities_are_those_of_the_equations(stages: int, options: dict[str, Any]) -> None:
    method = method_after(stages, **options)
    clips = torch.randn(2, FRAMES, 16, dtype=torch.float64)
    expected = torch.stack([probabilities(method, clip) for clip in clips])
    torch.testing.assert_close(method(clips).softmax(-1), expected, atol=1e-5, rtol=0)
    labels = torch.tensor([2, 0])
    loss = sum(-expected[row, label].log() for row, label in enumerate(labels.tolist())) / 2
    torch.testing.assert_close(method.loss(method(clips), labels), loss, atol=1e-5, rtol=0)


@pytest.mark.slow
@torch.no_grad()
def test_the_literal_layout_is_eq_2_to_the_letter() -> None:
    method = method_after(1, mat_layout="literal", sentences=1, tokens=70)
    clip = torch.randn(1, FRAMES, 16, dtype=torch.float64)
    torch.testing.assert_close(method(clip).softmax(-1)[0], probabilities(method, clip[0]), atol=1e-5, rtol=0)


def test_gradients_are_those_of_the_equations() -> None:
    method = method_after(4, sentences=1, tokens=2).train()
    clip = torch.randn(1, FRAMES, 16, dtype=torch.float64)
    parameters = [method.mat.tokens, method.synchronizer.text.positions]  # type: ignore[union-attr]
    found = torch.autograd.grad(method.loss(method(clip), torch.tensor([1])), parameters)
    expected = torch.autograd.grad(-probabilities(method, clip[0])[1].log(), parameters)
    for ours, theirs in zip(found, expected, strict=True):
        torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=0)


@torch.no_grad()
def test_with_74_tokens_both_layouts_are_one_and_with_fewer_they_are_not() -> None:
    def both(tokens: int) -> list[Tensor]:
        made = [method_after(1, tokens=tokens, mat_layout=layout).sentences() for layout in ("coop", "literal")]
        return [features.clone() for features in made]

    assert torch.equal(*both(74))
    few = both(64)
    assert not torch.allclose(*few, atol=1e-3)


@torch.no_grad()
def test_what_stands_behind_the_read_out_does_not_matter() -> None:
    method = method_after(1)
    sentences = method.mat.embeddings()
    read_out = torch.full((len(sentences),), sentences.shape[1] - 1)
    rubbish = torch.randn(len(sentences), 77 - sentences.shape[1], 8, dtype=torch.float64)
    whole = torch.cat([sentences, rubbish], 1)
    tower = method.mat.tower
    assert torch.equal(tower(whole, read_out), tower(sentences, read_out))
    x = tower.transformer(whole + tower.positions, attn_mask=tower.mask)  # all 77 positions
    x = tower.ln_final(x[:, read_out[0]]) @ tower.projection
    torch.testing.assert_close(x, tower(sentences, read_out), atol=1e-12, rtol=0)


def test_classes_are_in_their_order() -> None:
    assert method_after(1).mat.tokens.shape == (len(CLASSES), 2, 3, 8)
