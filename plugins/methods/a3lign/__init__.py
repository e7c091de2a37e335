"""A3lign-DFER: learned sentences instead of class names, and one synchronizer of text and video."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from harness import FrameInput, MethodSpec, hookimpl, option
from harness.models import CLIP_224


@dataclass(frozen=True)
class Options:
    """Options of `a3lign`. The defaults are the paper's where it speaks, and else those that docs/methods gives."""

    sentences: int = option(16, "S, sentences per class of the MAT", minimum=1)
    tokens: int = option(64, "N, learned tokens per sentence; at most 74", minimum=1)
    mat_layout: Literal["coop", "literal"] = option(
        "coop", "[SOS][tokens][.][EOS], or zeros before the period up to the full context (Eq. 2 to the letter)"
    )
    mat_init: Literal["normal", "vocabulary", "class-name"] = option(
        "normal", "N(0, 0.02²), random words of the vocabulary, or the words of the class name"
    )
    text_steps: tuple[int, ...] = option((2,), "layers of the text encoder in stage 1, and after growing; none: mean")
    video_steps: tuple[int, ...] = option((2, 4), "layers of the video encoder after each step of stage 2; none: mean")
    joint_steps: tuple[int, ...] = option((2, 4), "layers after each step of stage 3; none: no stage 3")
    base_layers: int = option(2, "layers of the trained video encoder that the synchronizer starts from", minimum=0)
    synchronizer: Literal["joint", "shared-base", "separate"] = option(
        "joint", "what text and video share in stage 3: every layer, the base only, or nothing"
    )
    paradigm: Literal["bidirectional", "all-at-once"] = option(
        "bidirectional", "train in stages (BAP), or everything from the start"
    )
    video_new_only: bool = option(False, "in stage 2, train only the layers that a step adds")
    positions: bool = option(True, "learned positional embeddings; without them the order of frames cannot matter")
    norm: Literal["pre", "post"] = option("pre", "layer norm before or after each part of a layer")
    zero_init: bool = option(True, "new layers start as the identity")
    heads: int = option(0, "attention heads; 0 = D / 64", minimum=0)
    temperature: Literal["fixed", "learned"] = option("fixed", "τ of Eq. 6, from CLIP's")
    text_epochs: int = option(40, "epochs of stage 1", minimum=0)
    video_epochs: int = option(30, "epochs of stage 2, over all its steps", minimum=0)
    joint_epochs: int = option(30, "epochs of stage 3, over all its steps", minimum=0)
    batch_size: int = option(64, "clips a step", minimum=1)
    token_rate: float = option(0.01, "learning rate of the MAT")
    encoder_rate: float = option(0.01, "learning rate of the dynamic encoders")
    joint_rate: float = option(0.01, "learning rate of the synchronizer in stage 3")
    weight_decay: float = option(1e-4, "of SGD")
    clip_norm: float = option(1.0, "largest norm of the gradient; 0 = off", minimum=0)
    sentences_at_once: int = option(
        0, "sentences that the text tower keeps for the way back; 0 = all, else they are recomputed", minimum=0
    )
    frame_order: Literal["normal", "shuffled", "reversed"] = option(
        "normal", "of test clips; training always sees them in order (Table 5)"
    )


@hookimpl
def register_methods() -> list[MethodSpec]:
    """Offer MAT, JAS and BAP on CLIP's frozen towers."""
    return [
        MethodSpec(
            name="a3lign",
            version="1",
            build="harness_plugins.methods.a3lign.model:A3lign",
            options=Options,
            input=FrameInput(frames=16, base_size=120, crop_size=112, augmentation=("scale-jitter", "flip")),
            features="train+test",
            summary="Learned sentences and a joint synchronizer, trained in three stages; both towers frozen.",
            paper="Tao et al., A3lign-DFER: Pioneering Comprehensive Dynamic Affective Alignment, 2024",
            published="A3lign-DFER",
            paper_backbone="ViT-L-14",  # of its Table 1, as a later survey with a co-author of the paper lists it
            family="CLIP",
            venue="arXiv 2024",
            year=2024,
            exactness="reading",
            recipes={"clip-224": CLIP_224},
            demo={
                "tokens": 8,
                "sentences": 8,
                "text_epochs": 6,
                "video_epochs": 20,
                "joint_epochs": 10,
                "token_rate": 0.3,
                "encoder_rate": 0.1,
                "joint_rate": 0.1,
                "input.frames": 8,
                "input.views": 1,
                "input.augmentation": ["flip"],
                "input.base_size": 0,
                "input.crop_size": 0,
            },
        )
    ]
