"""AEN (Lee, Shin, Ku, Ko): levels from whole to detail, groups of emotions, and a static network as a teacher."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from harness import Stage, Task
from harness.models import Batch, NetworkMethod, Outputs, resnet_trunk, scaled
from harness_plugins.methods.aen import Options
from harness_plugins.methods.aen.groups import GROUPS, groups_of
from harness_plugins.methods.aen.levels import CrossLevel, Level
from harness_plugins.methods.aen.losses import Views, guided_loss

CHANNELS = 512, 256, 128  # of V_2, V_1 and V_0
STATIC = "static"  # the stage in which the teacher learns


class Aen(NetworkMethod):
    """Frames of a clip to its class. P_G and P_L of the paper's figure are `whole` and `local`."""

    groups: Tensor

    def __init__(self, task: Task, options: Options) -> None:
        super().__init__(options)
        self.own = options
        classes = len(task.classes)
        whole, middle, fine = sizes = [scaled(channels, options.width) for channels in CHANNELS]
        self.trunk = resnet_trunk(18, width=options.width)
        self.levels = nn.ModuleList(Level(size, task.input.frames, options.layers) for size in sizes)
        self.frame_head = nn.Linear(whole, classes)
        self.whole_groups = nn.Linear(whole, GROUPS)
        self.whole_classes = nn.Linear(whole, classes)
        self.to_middle = CrossLevel(whole, middle)
        self.local_groups = nn.Linear(middle, GROUPS)
        self.to_fine = CrossLevel(middle, fine)
        self.local_classes = nn.Linear(fine, classes)
        self.static = StaticNetwork(classes, options.width)
        self.register_buffer("groups", groups_of(task.classes), persistent=False)  # (C,)

    def forward(self, inputs: Tensor) -> Outputs:
        """Map frames (B, T, 3, H, W) to logits (B, C)."""
        views, features = self.views(inputs)
        return Outputs(views.logits, {"features": features})

    def views(self, inputs: Tensor) -> tuple[Views, Tensor]:
        """Return what all heads say, and what the classes are told from as a whole, (B, D)."""
        maps = self.trunk.levels(inputs.flatten(0, 1))[:0:-1]  # the last first, without the first stage
        seen = [level(m, len(inputs)) for level, m in zip(self.levels, maps, strict=True)]
        frames, whole = seen[0]
        middle = self.to_middle(whole, seen[1][1])
        fine = self.to_fine(middle, seen[2][1])
        views = Views(
            self.whole_classes(whole),
            self.whole_groups(whole),
            self.local_classes(fine),
            self.local_groups(middle),
            self.frame_head(frames),
        )
        return views, whole

    def step(self, batch: Batch) -> Tensor:
        """Return the loss of the static network on single frames, or that of the whole beside it, frozen."""
        learning = batch.stage == STATIC
        self.static.train(learning)
        if learning:
            return F.cross_entropy(
                self.static(batch.inputs).flatten(0, 1),
                batch.labels.repeat_interleave(batch.inputs.shape[1]),
            )
        with torch.no_grad():
            static = self.static(batch.inputs).softmax(-1)  # (B, T, C)
        views, features = self.views(batch.inputs)
        loss = self.classification(batch, Outputs(views.whole_classes, {"features": features}))
        loss = loss + batch.cross_entropy(views.local_classes)
        return loss + guided_loss(
            views,
            static,
            self.groups[batch.labels],
            self.own,
        )

    def stages(self) -> list[Stage]:
        """Return two: the static network, and what starts from it."""
        (whole,) = super().stages()
        rate = self.own.learning_rate
        parts = [name for name, _ in self.named_children() if name != "static"]
        return [
            replace(
                whole,
                name=STATIC,
                epochs=self.own.static_epochs,
                lr={"static": rate},
            ),
            replace(whole, lr=dict.fromkeys(parts, rate), before=self._start_from_static),
        ]

    def _start_from_static(self) -> None:
        self.trunk.load_state_dict(self.static.trunk.state_dict())


class StaticNetwork(nn.Module):
    """ResNet-18 on single frames: (B, T, 3, H, W) to logits (B, T, C)."""

    def __init__(self, classes: int, width: float) -> None:
        super().__init__()
        self.trunk = resnet_trunk(18, width=width)
        self.head = nn.Linear(self.trunk.channels, classes)

    def forward(self, inputs: Tensor) -> Tensor:
        """Return logits of each frame."""
        features = self.trunk(inputs.flatten(0, 1)).mean((2, 3))
        logits: Tensor = self.head(features)
        return logits.view(*inputs.shape[:2], -1)
