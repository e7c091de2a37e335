"""A3lign-DFER (Tao et al., 2024): MAT, JAS, and the bidirectional paradigm that trains them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import pairwise
from math import log

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from harness import BadOption, Method, Schedule, Stage, Task, seed_of
from harness.models import TextFeatures, cosine_logits
from harness_plugins.methods.a3lign import Options
from harness_plugins.methods.a3lign.encoder import DynamicEncoder, JointSynchronizer, Mean
from harness_plugins.methods.a3lign.mat import MultiDimensionalTokens
from harness_plugins.methods.a3lign.order import reordered


class ClassFeatures(nn.Module):
    """The text side: sentences of each class, encoded and synchronized, (C, D), unit length."""

    def __init__(
        self,
        sentences: nn.Module,
        encoder: nn.Module,
    ) -> None:
        super().__init__()
        self.sentences = sentences
        self.encoder = encoder

    def forward(self) -> Tensor:
        """Return features (C, D)."""
        return F.normalize(self.encoder(self.sentences()), dim=-1)


class A3lign(Method):
    """Eq. 1 to 6 of the paper.

    Parameters live under `mat`, `text_encoder` and `video_encoder`; in stage 3 the two encoders are merged into
    `synchronizer`, unless they are to stay separate.
    """

    synchronizer: JointSynchronizer | None

    def __init__(self, task: Task, options: Options) -> None:
        super().__init__()
        _check(options)
        self.options = options
        self.width = task.backbone.width
        self.frames = task.input.frames
        self.seed = torch.initial_seed()  # layers are added later, and again when a checkpoint is read
        self.encoder = task.backbone.frame_encoder()
        self.mat = MultiDimensionalTokens(
            task.backbone.text_tower,
            task.classes,
            options,
        )
        self.sentences = TextFeatures(self.mat)
        self.text_encoder: nn.Module | None = (
            self._text_encoder(options.text_steps[0]) if options.text_steps else Mean()
        )
        self.video_encoder: nn.Module | None = Mean()
        self.register_module("synchronizer", None)  # has its place before `text`, so that parameters are named by it
        self.scale = task.backbone.logit_scale
        learned = options.temperature == "learned"
        self.log_scale = nn.Parameter(torch.tensor(log(self.scale))) if learned else None
        self._rebuild_text()

    def forward(self, inputs: Tensor) -> Tensor:
        """Map features (B, T, D) to logits (B, C)."""
        scale = self.scale if self.log_scale is None else self.log_scale.exp()
        return scale * cosine_logits(*self.aligned(inputs), 1.0)

    def aligned(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Return what is compared: clips (B, D), and classes (C, D) of unit length."""
        if not self.training:
            inputs = reordered(inputs, self.options.frame_order)
        encode = self.synchronizer.video if self.synchronizer else self.video_encoder
        return encode(inputs), self.text()  # type: ignore[misc]

    def stages(self) -> list[Stage]:
        """Return the bidirectional alignment training paradigm (section 3.4), or everything at once."""
        if self.options.paradigm == "all-at-once":
            epochs = self.options.text_epochs + self.options.video_epochs + self.options.joint_epochs
            before = partial(self._begin_at_once, self._top)
            return [self._stage("all-at-once", epochs, ("mat.tokens", *self._sides), before)]
        return [
            *self._text_stages(),
            *self._video_stages(),
            *self._text_growth(),
            *self._joint_stages(),
        ]

    def _text_stages(self) -> Iterator[Stage]:
        """Yield stage 1: the text side, against averaged video features."""
        trains = ("mat.tokens", "text_encoder") if self.options.text_steps else ("mat.tokens",)
        yield self._stage("text", self.options.text_epochs, trains)

    def _video_stages(self) -> Iterator[Stage]:
        """Yield stage 2: the video encoder, grown step by step; all of the text side is frozen."""
        steps = self.options.video_steps
        epochs = shares(self.options.video_epochs, len(steps))
        for (before, layers), share in zip(
            pairwise((0, *steps)),
            epochs,
            strict=True,
        ):
            added = tuple(f"video_encoder.layers.{number}" for number in range(before, layers))
            trains = added if self.options.video_new_only and before else ("video_encoder",)
            yield self._stage(
                f"video-{layers}",
                share,
                trains,
                partial(self._grow_video, layers),
            )

    def _text_growth(self) -> Iterator[Stage]:
        """Yield what stands between stages 2 and 3, not in the default: Table 4's row of four text layers."""
        for layers in self.options.text_steps[1:]:
            epochs = self.options.video_epochs // max(1, len(self.options.video_steps))
            yield self._stage(
                f"text-{layers}",
                epochs,
                ("text_encoder",),
                partial(self._grow_text, layers),
            )

    def _joint_stages(self) -> Iterator[Stage]:
        """Yield stage 3: both sides merged, grown step by step, and the MAT with them."""
        steps = self.options.joint_steps
        for layers, epochs in zip(
            steps,
            shares(self.options.joint_epochs, len(steps)),
            strict=True,
        ):
            yield self._stage(
                f"joint-{layers}",
                epochs,
                ("mat.tokens", *self._sides),
                partial(self._merge, layers),
            )

    @property
    def _sides(self) -> tuple[str, ...]:
        return ("text_encoder", "video_encoder") if self.options.synchronizer == "separate" else ("synchronizer",)

    @property
    def _top(self) -> int:
        return max((*self.options.text_steps, *self.options.video_steps, *self.options.joint_steps), default=0)

    def _stage(
        self, name: str, epochs: int, trains: tuple[str, ...], before: Callable[[], None] | None = None
    ) -> Stage:
        o = self.options
        rates = {"mat.tokens": o.token_rate, "synchronizer": o.joint_rate}
        lr = {part: rates.get(part, o.encoder_rate) for part in trains}
        if o.temperature == "learned":
            lr["log_scale"] = o.encoder_rate
        return Stage(
            name=name,
            epochs=epochs,
            batch_size=o.batch_size,
            lr=lr,
            optimizer="sgd",
            momentum=0.9,
            weight_decay=o.weight_decay,
            schedule=Schedule("cosine"),
            clip_norm=o.clip_norm,
            before=before,
        )

    def _grow_video(self, layers: int) -> None:
        if not isinstance(self.video_encoder, DynamicEncoder):
            self.video_encoder = self._new_encoder("video", self.frames)
        self.video_encoder.grow(layers)

    def _grow_text(self, layers: int) -> None:
        if not isinstance(self.text_encoder, DynamicEncoder):
            self.text_encoder = self._text_encoder(layers)
        self.text_encoder.grow(layers)
        self._rebuild_text()

    def _merge(self, layers: int) -> None:
        if self.options.synchronizer == "separate":
            self._grow_video(layers)
            self._grow_text(layers)
            return
        if self.synchronizer is None:
            self._grow_video(0)
            self._grow_text(0)
            text, video = self.text_encoder, self.video_encoder
            self.synchronizer = JointSynchronizer(text, video, self.options)  # type: ignore[arg-type]
            self.text_encoder = self.video_encoder = None
        self.synchronizer.grow(layers)
        self._rebuild_text()

    def _begin_at_once(self, layers: int) -> None:
        self._grow_text(0)
        self.text_encoder.layers = nn.ModuleList()  # type: ignore[union-attr]
        self._merge(layers)

    def _text_encoder(self, layers: int) -> DynamicEncoder:
        return self._new_encoder("text", self.options.sentences).grow(layers)

    def _new_encoder(self, side: str, length: int) -> DynamicEncoder:
        return DynamicEncoder(
            length,
            self.width,
            self.options,
            seed_of(self.seed, side),
        ).to(self.mat.tokens.device)

    def _rebuild_text(self) -> None:
        encoder = self.synchronizer.text if self.synchronizer else self.text_encoder
        self.text = TextFeatures(ClassFeatures(self.sentences, encoder))  # type: ignore[arg-type]


def shares(epochs: int, steps: int) -> list[int]:
    """Return epochs of a stage over its steps, as even as they can be."""
    return [epochs * (step + 1) // steps - epochs * step // steps for step in range(steps)]


def _check(options: Options) -> None:
    for name in ("text_steps", "video_steps", "joint_steps"):
        steps = getattr(options, name)
        if any(low >= high for low, high in pairwise((0, *steps))):
            raise BadOption(f"a3lign.{name}: {list(steps)} has to be layers that grow from step to step, as in [2, 4]")
    if options.joint_steps and options.joint_steps[0] < options.base_layers and options.synchronizer != "separate":
        raise BadOption(f"a3lign.joint_steps: starts below base_layers={options.base_layers}")
