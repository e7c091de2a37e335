"""CoOp on video."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from harness import FrameInput, MethodSpec, hookimpl, option
from harness.models import CLIP_224


@dataclass(frozen=True)
class Options:
    """Options of `coop`; the defaults are the official configuration of ViT-B/32."""

    context_tokens: int = option(16, "learned context tokens before the class name", minimum=1)
    class_specific: bool = option(False, "a context of its own for each class")
    class_position: Literal["end", "middle"] = option("end", "where the class name stands among the context tokens")
    init: str = option("", "words to start the context from (their number sets context_tokens); empty = random")
    epochs: int = option(50, "epochs; the official rule takes 50 on large training sets", minimum=0)
    batch_size: int = option(32, "clips a step", minimum=1)
    learning_rate: float = option(0.002, "of SGD")
    weight_decay: float = option(5e-4, "of the context tokens too, as officially")


@hookimpl
def register_methods() -> list[MethodSpec]:
    """Offer learned prompts, both towers of CLIP frozen."""
    return [
        MethodSpec(
            name="coop",
            version="1",
            build="harness_plugins.methods.coop.model:CoOp",
            options=Options,
            input=FrameInput(frames=16, augmentation=("random-resized-crop", "flip"), crop_scale=(0.08, 1.0)),
            features="train+test",
            gpus=0.25,
            summary="Learned context tokens before the class name; both towers frozen.",
            paper="Zhou et al., Learning to Prompt for Vision-Language Models, IJCV 2022",
            published="CoOp",
            paper_backbone="ViT-B-32",
            family="CLIP",
            venue="IJCV 2022",
            year=2022,
            code="https://github.com/KaiyangZhou/CoOp",
            exactness="exact",
            recipes={"clip-224": CLIP_224},
            demo={
                "class_specific": True,
                "epochs": 15,
                "learning_rate": 0.01,
                "input.frames": 8,
                "input.views": 1,
                "input.augmentation": ["flip"],
            },
        )
    ]
