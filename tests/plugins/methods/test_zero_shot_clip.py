"""Zero-shot CLIP against a slow re-statement."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from harness.core.errors import BadOption
from harness_plugins.methods.zero_shot_clip import Options
from harness_plugins.methods.zero_shot_clip.model import ZeroShotClip
from helpers.towers import CLASSES, tiny_backbone, tiny_task, tokenizer

FIVE = ("{}.", "an expression of {}.", "a photo of a face with an expression of {}.", "{} {}", "a photo of a {}.")


def unit(vector: list[float]) -> list[float]:
    length = math.sqrt(sum(v * v for v in vector))
    return [v / length for v in vector]


def mean(vectors: list[list[float]]) -> list[float]:
    return [sum(column) / len(vectors) for column in zip(*vectors, strict=True)]


def slow(features: Tensor, prompts: tuple[str, ...]) -> list[list[float]]:
    """Number by number, one prompt at a time through all 77 positions of open_clip's own tower."""
    model, text = tiny_backbone().model, []
    for name in CLASSES:
        each = []
        for prompt in prompts:
            ids = tokenizer()([prompt.replace("{}", name)])
            each.append(unit(model.encode_text(ids)[0].tolist()))
        text.append(unit(mean(each)))
    scale = float(model.logit_scale.exp())
    videos = [unit(mean(clip.tolist())) for clip in features]
    return [[scale * sum(a * b for a, b in zip(v, t, strict=True)) for t in text] for v in videos]


@pytest.mark.parametrize("prompts", [(FIVE[2],), FIVE])
@torch.no_grad()
def test_logits_equal_a_slow_reference(prompts: tuple[str, ...]) -> None:
    method = ZeroShotClip(tiny_task(frames=4), Options(prompts)).eval()
    features = (
        torch.randn(5, 4, 16, generator=torch.Generator().manual_seed(0)) * torch.tensor([0.1, 3.0, 1.0, 9.0])[:, None]
    )
    expected = torch.tensor(slow(features, prompts))
    torch.testing.assert_close(method(features), expected, atol=1e-4, rtol=0)
    assert expected.std() > 0.1


@torch.no_grad()
def test_the_order_of_the_frames_does_not_matter() -> None:
    method = ZeroShotClip(tiny_task(), Options()).eval()
    features = torch.randn(3, 6, 16)
    torch.testing.assert_close(method(features.flip(1)), method(features), atol=1e-5, rtol=0)
    torch.testing.assert_close(method(features[:, torch.randperm(6)]), method(features), atol=1e-5, rtol=0)


@pytest.mark.parametrize("bad", ["a photo of a face", "", "a photo of {0}", "{ }", "{name}"])
def test_a_template_without_a_place_for_the_class_is_an_error(bad: str) -> None:
    with pytest.raises(BadOption, match=r"zero-shot-clip\.prompts: .* has no \{\} for the class name"):
        ZeroShotClip(tiny_task(), Options(("{}", bad)))


def test_braces_and_other_marks_in_a_template_are_taken_as_they_are() -> None:
    method = ZeroShotClip(tiny_task(), Options(("{} {curly} 100% {{}}",)))
    assert method.text.prompts.texts[0][0] == "happiness {curly} 100% {happiness}"


def test_no_prompts_are_an_error() -> None:
    with pytest.raises(BadOption, match=r"zero-shot-clip\.prompts"):
        ZeroShotClip(tiny_task(), Options(()))


def test_nothing_is_trained() -> None:
    method = ZeroShotClip(tiny_task(), Options())
    assert list(method.stages()) == []
    assert not any(p.requires_grad for p in method.parameters())
    assert method.encoder is tiny_backbone().frame_encoder()
