"""CoCoOp on video."""

from __future__ import annotations

from dataclasses import dataclass

from harness import FrameInput, MethodSpec, hookimpl, option
from harness.models import CLIP_224


@dataclass(frozen=True)
class Options:
    """Options of `cocoop`; the defaults are the official configuration, but for the batch."""

    context_tokens: int = option(4, "learned context tokens, where they do not start from words", minimum=1)
    init: str = option("a photo of a", "words to start the context from; empty = random")
    reduction: int = option(16, "the meta-network's hidden layer is this many times narrower than D", minimum=1)
    epochs: int = option(10, "epochs", minimum=0)
    batch_size: int = option(8, "clips a step: the effective batch; officially 1, for want of memory", minimum=1)
    accumulate: int = option(1, "parts that a batch is worked off in, each with its own way back", minimum=1)
    prompts_at_once: int = option(
        256, "prompts that the text tower keeps for the way back; 0 = all, else they are recomputed", minimum=0
    )
    learning_rate: float = option(0.002, "of SGD; not scaled with the batch")
    weight_decay: float = option(5e-4, "of all that is learned, as officially")


@hookimpl
def register_methods() -> list[MethodSpec]:
    """Offer prompts conditioned on the clip, both towers of CLIP frozen."""
    return [
        MethodSpec(
            name="cocoop",
            version="1",
            build="harness_plugins.methods.cocoop.model:CoCoOp",
            options=Options,
            input=FrameInput(frames=16, augmentation=("random-resized-crop", "flip"), crop_scale=(0.08, 1.0)),
            features="train+test",
            gpus=0.5,
            summary="Learned context tokens shifted by a network that sees the clip; both towers frozen.",
            paper="Zhou et al., Conditional Prompt Learning for Vision-Language Models, CVPR 2022",
            published="CoCoOp",
            paper_backbone="ViT-B-16",
            family="CLIP",
            venue="CVPR 2022",
            year=2022,
            code="https://github.com/KaiyangZhou/CoOp",
            exactness="exact",
            recipes={"clip-224": CLIP_224},
            demo={
                "init": "a video of a face showing",
                "epochs": 3,
                "learning_rate": 0.05,
                "input.frames": 8,
                "input.views": 1,
                "input.augmentation": ["flip"],
            },
        )
    ]
