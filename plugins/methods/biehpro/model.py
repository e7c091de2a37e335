"""CLIP-guided BiEhPro (Zhang et al., IJCB 2024): a trained visual tower whose frames interact, and enhanced prompts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from torch import Tensor, nn
from torch.nn import functional as F

from harness import BadOption, Method, Schedule, Stage, Task
from harness.models import TextFeatures, TextTower, VisualTower
from harness_plugins.methods.biehpro import BaselineOptions, Options
from harness_plugins.methods.biehpro.interfit import InterFIT
from harness_plugins.methods.biehpro.msta import MultiScale
from harness_plugins.methods.biehpro.prompts import Prompts

TRAINED = ("visual", "interfit", "msta", "enhance", "head")
BETAS = (0.9, 0.98)  # X-CLIP's


class BiEhPro(Method):
    """Eq. 1 to 12. Parts that are switched off are not there at all.

    The text tower is frozen and runs once. The temperature is CLIP's own and is not trained.
    """

    def __init__(self, task: Task, options: Options) -> None:
        super().__init__()
        check(options)
        self.options = options
        self.frames = task.input.frames
        width = task.backbone.width
        self.visual = VisualTower(task.backbone.model.visual, checkpointing=options.checkpointing)
        self.interfit = interaction(self.visual, options) if options.interfit else None
        self.msta = aggregation(self.frames, width, options) if options.msta else None
        linear = options.classifier == "linear"
        self.head = nn.Linear(width, len(task.classes)) if linear else None
        self.text = None if linear else TextFeatures(ClassText(task.backbone.text_tower, task.classes, options.prompt))
        self.enhance = enhancement(width, options) if options.biehpro and not linear else None
        self.scale = task.backbone.logit_scale

    def forward(self, inputs: Tensor) -> Tensor:
        """Map frames (B, T, 3, H, W) to logits (B, C)."""
        return self.classify(self.video(inputs))

    def video(self, inputs: Tensor) -> Tensor:
        """Return video features V (B, D) of frames (B, T, 3, H, W)."""
        features = self.frame_features(inputs)
        return features.mean(1) if self.msta is None else self.msta(features)

    def aligned(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Return video features V (B, D) and the classes' texts (C, D), of unit length;
        no text (0, D) with a linear head.
        """
        video = self.video(inputs)
        return video, video[:0] if self.text is None else F.normalize(self.text(), dim=-1)

    def frame_features(self, inputs: Tensor) -> Tensor:
        """Return features Z (B, T, D) of frames (B, T, 3, H, W), which interact on the way."""
        features: Tensor = self.visual(inputs.flatten(0, 1), self.interact if self.interfit is not None else None)
        return features.view(*inputs.shape[:2], -1)

    def interact(self, layer: int, classes: Tensor) -> Tensor:
        """Map class tokens (B*T, W) of a layer to its interaction tokens (B*T, W)."""
        assert self.interfit is not None
        tokens: Tensor = self.interfit(layer, classes, self.frames)
        return tokens

    def classify(self, video: Tensor) -> Tensor:
        """Return logits (B, C) of video features (B, D): those of Eq. 12, or of the linear head."""
        if self.head is not None:
            logits: Tensor = self.head(video)
            return logits
        return self.scale * self.similarity(video)

    def similarity(self, video: Tensor) -> Tensor:
        """Return cosine of each video's features (B, D) and each class's, (B, C),
        both enhanced if there are prompts.
        """
        assert self.text is not None
        text: Tensor = self.text()  # (C, D)
        if self.enhance is None:
            return F.normalize(video, dim=-1) @ F.normalize(text, dim=-1).T
        enhanced, seen = self.enhance(text, video)  # (B, C, D) each
        return F.cosine_similarity(seen, enhanced, dim=-1)

    def stages(self) -> list[Stage]:
        """Return the recipe of section 4.1: AdamW, linear warm-up and cosine by step.
        Matrices decay, vectors do not.
        """
        options = self.options
        parts = [name for name in TRAINED if getattr(self, name) is not None]
        new = options.learning_rate * options.new_lr_mult
        return [
            Stage(
                name="all",
                epochs=options.epochs,
                batch_size=options.batch_size,
                accumulate=options.accumulate,
                lr={name: options.learning_rate if name == "visual" else new for name in parts},
                optimizer="adamw",
                betas=BETAS,
                weight_decay=options.weight_decay,
                decay_vectors=False,
                clip_norm=options.clip_norm,
                schedule=Schedule(
                    "cosine", per="step", warmup_epochs=options.warmup_epochs, min_lr=options.min_learning_rate
                ),
            )
        ]


class ClassText(nn.Module):
    """Features of the classes' texts, (C, D), not normalised: Eq. 9."""

    def __init__(
        self,
        tower: TextTower,
        classes: Sequence[str],
        prompt: str,
    ) -> None:
        super().__init__()
        self.tower = tower
        self.texts = [prompt.replace("{}", name) for name in classes]

    def forward(self) -> Tensor:
        """Return the features."""
        return self.tower.encode_text(self.texts)


def baseline(task: Task, options: BaselineOptions) -> BiEhPro:
    """Return the paper's baseline (4.3): none of the parts."""
    return BiEhPro(task, Options(**asdict(options), interfit=False, msta=False, biehpro=False))


def interaction(visual: VisualTower, options: Options) -> InterFIT:
    """Return the interaction that fits a tower."""
    shared, zero = options.share_interfit, options.zero_init_msg
    return InterFIT(
        visual.width,
        visual.heads,
        len(visual.blocks),
        shared=shared,
        zero_start=zero,
    )


def aggregation(
    frames: int,
    width: int,
    options: Options,
) -> MultiScale:
    """Return the temporal scales."""
    kernels, strides = options.msta_kernels, options.msta_strides
    return MultiScale(
        frames, width, kernels, strides, along=options.msta_fc, near_mean=options.fc_v_init == "mean"
    )  # fmt: skip


def enhancement(width: int, options: Options) -> Prompts:
    """Return the blocks of prompts."""
    return Prompts(
        width,
        options.blocks,
        visual=options.prompts == "both",
        shared=options.shared_visual_prompt,
        scalar=options.scalar_alpha_beta,
        norm=not options.literal_no_ln,
    )


def check(options: Options) -> None:
    """Check the options. Raises: BadOption for those that do not fit together."""
    if "{}" not in options.prompt:
        raise BadOption(f"biehpro.prompt: {options.prompt!r} has no {{}} for the class name")
    kernels, strides = options.msta_kernels, options.msta_strides
    if not kernels or len(kernels) != len(strides) or min(*kernels, *strides) < 1:
        raise BadOption(
            f"biehpro.msta_kernels={kernels} and msta_strides={strides}: as many of one as of the other, "
            f"each at least 1"
        )
