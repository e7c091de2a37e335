"""IAL (Li et al., AAAI 2023): attention over channels, frames with their changes, and an intensity-aware loss."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from harness import Schedule, Stage, Task
from harness.models import (
    Batch,
    DynamicStatic,
    NetworkMethod,
    Outputs,
    TwinStem,
    basic_block,
    map_side,
    scaled,
    start_as_resnet,
    steps_transformer,
)
from harness_plugins.methods.ial import Options
from harness_plugins.methods.ial.attention import ChannelBlock

CHANNELS = (64, 128, 256)
HIDDEN = 512  # of the transformer over steps


class Ial(NetworkMethod):
    """Frames through four blocks, their maps fused with their changes, and a transformer over the steps."""

    def __init__(self, task: Task, options: Options) -> None:
        super().__init__(options)
        self.own = options
        channels = [scaled(count, options.width) for count in CHANNELS]
        frames, size, classes = task.input.frames, task.input.size, len(task.classes)
        self.stem = TwinStem(channels[0])
        self.first = basic_block(channels[0], channels[0])
        self.layer2 = ChannelBlock(
            channels[0],
            channels[1],
            map_side(size, 3),
            classes,
            options.attention,
        )
        self.layer3 = ChannelBlock(
            channels[1],
            channels[2],
            map_side(size, 4),
            classes,
            options.attention,
        )
        self.fusion = DynamicStatic(channels[2], size)
        width = self.fusion.channels
        self.positions = nn.Parameter(torch.randn(1, frames, width))  # the last is never used
        self.transformer = steps_transformer(width, scaled(HIDDEN, options.width))
        self.head = nn.Linear(width, classes)
        start_as_resnet(self)

    def forward(self, inputs: Tensor) -> Outputs:
        """Map frames (B, T, 3, H, W) to logits (B, C), with those of the two stages beside them."""
        frames = inputs.shape[1]
        maps = self.first(self.stem(inputs.flatten(0, 1)))
        maps, second = self.layer2(maps, frames)
        maps, third = self.layer3(maps, frames)  # (B T, D, h, w)
        steps = self.fusion(maps.unflatten(0, inputs.shape[:2]))  # (B, T - 1, D')
        steps = self.transformer(steps + self.positions[:, : frames - 1])
        features = steps.mean(1)
        extras = {"features": features, "second": second, "third": third}
        return Outputs(self.head(features), extras)

    def step(self, batch: Batch) -> Tensor:
        """Return cross-entropy with the intensity-aware loss and that of the two stages."""
        outputs = self(batch.inputs)
        loss = self.classification(batch, outputs)
        loss = loss + self.own.intensity_weight * intensity_aware(outputs.logits, batch.labels)
        for name, weight in zip(("second", "third"), self.own.auxiliary_weights, strict=True):
            if weight and self.own.attention:
                loss = loss + weight * batch.cross_entropy(outputs.extras[name])
        return loss

    def stages(self) -> list[Stage]:
        """Return the recipe: the rate halves every few epochs, and logits without a weight are not trained."""
        (stage,) = super().stages()
        stage = replace(stage, lr=dict.fromkeys(self.moving(), self.own.learning_rate))
        falls = range(self.own.step_epochs, self.own.epochs, self.own.step_epochs) if self.own.step_epochs else ()
        if not falls:
            return [stage]
        schedule = Schedule(
            "milestones",
            milestones=tuple(falls),
            gamma=self.own.step_factor,
        )
        return [replace(stage, schedule=schedule)]

    def moving(self) -> list[str]:
        """Return the names of what is trained: all but the logits of stages that have no weight in the loss."""
        weighed = zip(("layer2", "layer3"), self.own.auxiliary_weights, strict=True)
        idle = {f"{stage}.auxiliary" for stage, weight in weighed if not weight}
        parts = [".".join(name.split(".")[:2]) for name, _ in self.named_parameters()]
        return [part for part in dict.fromkeys(parts) if part not in idle]


def intensity_aware(logits: Tensor, labels: Tensor) -> Tensor:
    """Return the mean over clips of softplus(z_m - z_y), m the strongest wrong class: the cross-entropy of two classes.

    Clips of weak expressions are told from their strongest rival only by little, and this looks at no other class.
    """
    own = logits.gather(1, labels[:, None])[:, 0]  # (B,)
    rivals = logits.scatter(1, labels[:, None], -torch.inf)
    return F.softplus(rivals.amax(1) - own).mean()
