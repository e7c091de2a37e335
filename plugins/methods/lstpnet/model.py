"""LSTPNet (Lu et al.): what the frames show, weighed by what moves, and a transformer over them."""

from __future__ import annotations

from dataclasses import replace

from torch import Tensor, nn

from harness import Schedule, Stage, Task
from harness.models import NetworkMethod, Outputs, scaled
from harness_plugins.methods.lstpnet import Options
from harness_plugins.methods.lstpnet.temporal import TemporalFormer
from harness_plugins.methods.lstpnet.trunk import GatedTrunk

WIDTH, FEED_FORWARD = 512, 4096


class LstpNet(NetworkMethod):
    """Frames of a clip to its class."""

    def __init__(self, task: Task, options: Options) -> None:
        super().__init__(options)
        self.own = options
        width = scaled(WIDTH, options.width)
        self.trunk = GatedTrunk(options.width)
        self.former = TemporalFormer(width, scaled(FEED_FORWARD, options.width), options.layers)
        self.head = nn.Linear(width, len(task.classes))

    def forward(self, inputs: Tensor) -> Outputs:
        """Map frames (B, T, 3, H, W) to logits (B, C)."""
        features = self.former(self.trunk(inputs)).mean(1)  # (B, D)
        return Outputs(self.head(features), {"features": features})

    def stages(self) -> list[Stage]:
        """Return the recipe, with a cosine where the rate does not fall by steps."""
        (stage,) = super().stages()
        schedule = stage.schedule if self.own.step_epochs else Schedule("cosine")
        return [replace(stage, schedule=schedule, label_smoothing=self.own.smoothing)]
