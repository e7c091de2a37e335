"""EST, and T-ESFL: the same network with another head."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from harness import FrameInput, MethodSpec, PublicKeys, hookimpl, option
from harness.models import SCRATCH_112, NetworkOptions, at_equal_cost

SNIPPETS = 7
SEEN = FrameInput(
    frames=35,
    duration=5,
    size=224,
    sampling="interpolated-105",
    normalisation="none",
    augmentation=(),
    views=0,
)
KEYS = PublicKeys(
    renames=(
        (r"(conv1|bn1|layer[1-4])\.(.+)", r"trunk.\1.\2"),
        (r"(attn|norm1)\.(.+)", r"snippets.\1.\2"),
        (r"query_embed\.weight", "query"),
        (r"pos_enc\.pos_enc\.weight", "positions"),
        (r"per_branch\.classifier\.(.+)", r"order.\1"),
        (r"classifier\.5\.0\.(.+)", r"head.5.\1"),
        (r"classifier\.([02])\.(.+)", r"head.\1.\2"),
    ),
    head=("head.5",),
)


@dataclass(frozen=True)
class Options(NetworkOptions):
    """Options of `est`; the defaults are those of its public code."""

    epochs: int = option(160, "passes over the training clips", minimum=0)
    batch_size: int = option(8, "clips a step", minimum=1)
    learning_rate: float = option(1e-4, "of the optimizer")
    optimizer: Literal["sgd", "adam", "adamw"] = option("adam", "its weight decay is L2")
    schedule: Literal["cosine", "plateau", "steps"] = option(
        "cosine", "cosine under a warm-up of 10 epochs; a fifth where the loss stops falling; or by step_epochs"
    )
    order_weight: float = option(0.1428, "of the order loss; 0 = snippets stay in their order", minimum=0)
    emotion_attention: bool = option(True, "attention and weights within a snippet; else the mean of its frames")
    hidden: tuple[int, ...] = option((128, 64), "widths of the class head between the clip's vector and the logits")
    dropout: float = option(0.1, "in attention and transformer", minimum=0, maximum=1)
    head_dropout: float = option(0.4, "before the last layer of the class head", minimum=0, maximum=1)


@dataclass(frozen=True)
class EsflOptions(Options):
    """Options of `t-esfl`: what the MAFW paper prints, and a reading of what it does not."""

    epochs: int = option(100, "passes over the training clips; the paper does not say", minimum=0)
    schedule: Literal["cosine", "plateau", "steps"] = option(
        "plateau", "cosine under a warm-up of 10 epochs; a fifth where the loss stops falling; or by step_epochs"
    )
    order_weight: float = option(1 / SNIPPETS, "of the order loss: 1/n", minimum=0)
    hidden: tuple[int, ...] = option((256, 256), "widths of the class head between the clip's vector and the logits")


SCRATCH: Mapping[str, Any] = {
    **SCRATCH_112,
    "schedule": "steps",
    "input.frames": 35,
    "input.duration": 5,
    "input.sampling": "interpolated-105",
}
DEMO: Mapping[str, Any] = {
    "width": 0.25,
    "epochs": 12,
    "batch_size": 8,
    "learning_rate": 5e-4,
    "input.frames": 14,
    "input.duration": 2,
    "input.size": 40,
    "input.sampling": "segments",
    "input.augmentation": ["flip"],
}
SMALL: Mapping[str, Any] = {"width": 0.0625, "input.size": 32, "epochs": 1}
RECIPES: Mapping[str, Any] = {"scratch-112": SCRATCH, "equal-macs": at_equal_cost(17.095, SCRATCH)}
SHARED: Mapping[str, Any] = {
    "version": "1",
    "build": "harness_plugins.methods.est.model:Est",
    "input": SEEN,
    "backbone": "none",
    "family": "image network and time",
    "architecture": "ResNet-18 + Transformer",
    "demo": DEMO,
    "small": SMALL,
    "recipes": RECIPES,
    "in_demo": False,
}


@hookimpl
def register_methods() -> list[MethodSpec]:
    """Offer both heads."""
    return [
        MethodSpec(
            name="est",
            options=Options,
            summary="Snippets in a transformer, which also tells in which order they stand.",
            paper="Liu et al., Expression Snippet Transformer for Robust Video-based Facial Expression Recognition",
            published="EST",
            venue="Pattern Recognition 2023",
            year=2023,
            code="https://github.com/DreamMr/EST",
            pretraining="none",
            exactness="exact",
            public_keys=KEYS,
            **{**SHARED, "recipes": {**RECIPES, "faithful": {}}},
        ),
        MethodSpec(
            name="t-esfl",
            options=EsflOptions,
            summary="EST with the head and the recipe of the MAFW paper, as far as it says them.",
            paper="Liu et al., MAFW: A Large-scale, Multi-modal, Compound Affective Database, ACM MM 2022",
            published="T-ESFL",
            venue="ACM MM 2022",
            year=2022,
            pretraining="none",
            exactness="reading",
            **SHARED,
        ),
    ]
