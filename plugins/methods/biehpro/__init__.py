"""CLIP-guided BiEhPro, and the baseline of its paper."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from harness import FrameInput, MethodSpec, hookimpl, option
from harness.models import CLIP_224

PAPER = (
    "Zhang et al., CLIP-Guided Bidirectional Prompt and Semantic Supervision for Dynamic Facial Expression "
    "Recognition, IJCB 2024"
)
FOLDER = "harness_plugins.methods.biehpro"


@dataclass(frozen=True)
class BaselineOptions:
    """Options of `biehpro-baseline`: the recipe, which `biehpro` shares. Defaults are the paper's."""

    prompt: str = option("{}", "text of a class; {} is its name")
    epochs: int = option(100, "epochs", minimum=0)
    warmup_epochs: int = option(5, "epochs of linear warm-up, by step", minimum=0)
    batch_size: int = option(32, "clips a step", minimum=1)
    accumulate: int = option(1, "parts that a batch goes through in, where memory is short", minimum=1)
    learning_rate: float = option(2e-5, "of AdamW", minimum=0)
    min_learning_rate: float = option(2e-7, "floor of the cosine", minimum=0)
    weight_decay: float = option(5e-4, "of matrices; vectors are not decayed", minimum=0)
    clip_norm: float = option(0.0, "largest norm of the gradient; 0 = off, as in the paper", minimum=0)
    checkpointing: bool = option(False, "compute the tower's activations again in the backward pass")


@dataclass(frozen=True)
class Options(BaselineOptions):
    """Options of `biehpro`."""

    interfit: bool = option(True, "inter-frame interaction in every layer of the tower (Table 2)")
    msta: bool = option(True, "multi-scale temporal aggregation; off: the mean over frames (Table 2)")
    biehpro: bool = option(True, "bidirectional enhanced prompts (Table 2)")
    classifier: Literal["text", "linear"] = option("text", "text features, or a linear head without any text (Table 3)")
    blocks: int = option(2, "M, blocks of enhanced prompts (Table 4)", minimum=1)
    prompts: Literal["both", "text"] = option("both", "textual and visual prompts, or textual ones only (Table 5)")
    share_interfit: bool = option(False, "one interaction for all layers instead of one each")
    zero_init_msg: bool = option(False, "start with interaction tokens that have heard nothing of other frames")
    msta_fc: Literal["time", "channel"] = option("time", "what the layers behind the scales' weights connect")
    msta_kernels: tuple[int, ...] = option((5, 5, 7), "frames that each scale pools over")
    msta_strides: tuple[int, ...] = option((3, 3, 1), "frames between the windows of each scale")
    fc_v_init: Literal["mean", "random"] = option("mean", "how the layer behind the scales starts")
    shared_visual_prompt: bool = option(False, "one visual prompt that sees all classes instead of one a class")
    scalar_alpha_beta: bool = option(False, "one number as alpha and one as beta instead of one a channel")
    literal_no_ln: bool = option(False, "no normalisation in the blocks, as Eq. 10 shows none")
    new_lr_mult: float = option(1.0, "learning rate of new parts by that of the tower", minimum=0)


# Fewer frames and larger steps: training a tower has to fit into seconds.
DEMO = {
    "epochs": 1,
    "warmup_epochs": 0,
    "batch_size": 16,
    "learning_rate": 3e-4,
    "input.frames": 6,
    "input.augmentation": ["flip"],
}
# Kernels of 5 and more would leave 6 frames one window, which cannot tell what came first.
DEMO_FULL = {
    **DEMO,
    "new_lr_mult": 10.0,
    "msta_kernels": [3, 3, 5],
}
INPUT = FrameInput(
    frames=8,
    augmentation=("scale-jitter", "colour-jitter", "flip"),
    colour_jitter=(0.4, 0.4, 0.4, 0.1),
    views=0,
)


@hookimpl
def register_methods() -> list[MethodSpec]:
    """Offer the model, and what its paper compares it with."""
    full = MethodSpec(
        name="biehpro",
        version="1",
        build=f"{FOLDER}.model:BiEhPro",
        options=Options,
        input=INPUT,
        summary="Trained visual tower whose frames interact, temporal scales, prompts from text and video.",
        paper=PAPER,
        published="BiEhPro",
        paper_backbone="ViT-B-32",
        family="CLIP",
        venue="IJCB 2024",
        year=2024,
        exactness="reading",
        recipes={"clip-224": CLIP_224},
        demo=DEMO_FULL,
    )
    baseline = replace(
        full,
        name="biehpro-baseline",
        build=f"{FOLDER}.model:baseline",
        options=BaselineOptions,
        summary="Trained visual tower, mean over frames, frozen text features: BiEhPro without its parts.",
        published="Baseline",
        demo=DEMO,
    )
    return [full, baseline]
