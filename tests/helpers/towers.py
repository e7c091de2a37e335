"""Small CLIPs with random weights in every architecture that open_clip's text towers come in."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import open_clip
import torch
from torch import Tensor

from harness import FrameInput, Task
from harness.core.backbone_spec import BackboneId
from harness.models.backbone import Backbone, Clip
from harness.models.weights import WeightsSource

TINY = Path(__file__).with_name("tiny.json")
VISION = {"image_size": 32, "patch_size": 16, "width": 32, "layers": 1, "head_width": 16}
TEXT = {"context_length": 77, "vocab_size": 49408, "width": 32, "heads": 4, "layers": 3}
CLASSES = ("happiness", "a very sad and long name", "fear")


@lru_cache
def tokenizer() -> open_clip.SimpleTokenizer:
    return open_clip.get_tokenizer("ViT-B-32")


def tiny_model(kind: str = "clip", **text: Any) -> Any:
    """A random model; `kind` is "clip" or "custom", for CustomTextCLIP."""
    cfg = {"embed_dim": 16, "vision_cfg": VISION, "text_cfg": {**TEXT, **text}, "quick_gelu": kind == "quick"}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(7)
        model = open_clip.CustomTextCLIP(**cfg) if kind == "custom" else open_clip.CLIP(**cfg)
        for parameter in model.parameters():  # what starts at zero or one would hide mistakes
            parameter.data += 0.05 * torch.randn_like(parameter)
        model.logit_scale.data.fill_(3.0)
    return model.eval()


@lru_cache
def tiny_backbone(kind: str = "clip", text: str = "{}") -> Backbone:
    """Shared by all tests: frozen, as everywhere. `text` is JSON that overrides the text configuration."""
    source = WeightsSource(BackboneId("tiny", "random", f"{kind}{text}"), str(TINY), None, kind == "quick")
    return Clip(source, tiny_model(kind, **json.loads(text)), tokenizer())


def tiny_task(classes: tuple[str, ...] = CLASSES, frames: int = 3, backbone: Backbone | None = None) -> Task:
    return Task(classes, backbone or tiny_backbone(), FrameInput(frames=frames, size=32))


def all_positions(model: Any, embeddings: Tensor, read_out: Tensor) -> Tensor:
    """The slow way, as public code does it: every position through the tower, each prompt alone."""
    text = getattr(model, "text", model)
    rows = []
    for sequence, place in zip(embeddings, read_out.tolist(), strict=True):
        x = text.transformer((sequence + text.positional_embedding)[None], attn_mask=text.attn_mask)
        x = text.ln_final(x)[0, place]
        rows.append(text.text_projection(x) if callable(text.text_projection) else x @ text.text_projection)
    return torch.stack(rows)


def double_backbone(**text: Any) -> Backbone:
    """A backbone of its own in float64, with short prompts so that loops end soon."""
    model = tiny_model(**{"layers": 1, "width": 8, "heads": 2, **text}).double()
    source = WeightsSource(BackboneId("tiny", "random", "double"), str(TINY), None, False)
    return Clip(source, model, tokenizer())
