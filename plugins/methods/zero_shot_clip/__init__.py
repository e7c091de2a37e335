"""Zero-shot CLIP on video."""

from __future__ import annotations

from dataclasses import dataclass

from harness import FrameInput, MethodSpec, hookimpl, option
from harness.models import CLIP_224


@dataclass(frozen=True)
class Options:
    """Options of `zero-shot-clip`."""

    prompts: tuple[str, ...] = option(
        ("a photo of a face with an expression of {}.",),
        "prompt, or several that are ensembled; {} is the class",
    )


@hookimpl
def register_methods() -> list[MethodSpec]:
    """Offer the baseline that needs no training."""
    return [
        MethodSpec(
            name="zero-shot-clip",
            version="1",
            build="harness_plugins.methods.zero_shot_clip.model:ZeroShotClip",
            options=Options,
            input=FrameInput(frames=16, augmentation=()),
            features="test",
            gpus=0.25,
            summary="Mean frame feature against the prompt of each class; no training.",
            paper="Radford et al., Learning Transferable Visual Models From Natural Language Supervision, ICML 2021",
            published="CLIP (zero-shot)",
            paper_backbone="ViT-B-32",
            family="CLIP",
            venue="ICML 2021",
            year=2021,
            code="https://github.com/openai/CLIP",
            exactness="exact",
            recipes={"clip-224": {**CLIP_224, "input.augmentation": []}},
            demo={"input.frames": 8},
        )
    ]
