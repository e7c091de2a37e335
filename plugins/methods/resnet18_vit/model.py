"""ResNet-18 on each frame, and a transformer with a class token over them."""

from __future__ import annotations

from torch import Tensor, nn

from harness import Task
from harness.models import ClassTokenTransformer, NetworkMethod, Outputs, resnet_trunk
from harness_plugins.methods.resnet18_vit import Options

SMALL_STD = 0.02


class ResNetVit(NetworkMethod):
    """The mean of each frame's last map, and Former-DFER's temporal transformer."""

    def __init__(self, task: Task, options: Options) -> None:
        super().__init__(options)
        self.trunk = resnet_trunk(18, width=options.width)
        self.time = ClassTokenTransformer(
            task.input.frames,
            self.trunk.channels,
            options.depth,
            options.positions,
            options.read_out,
        )
        self.head = nn.Linear(self.trunk.channels, len(task.classes))
        if options.start == "small":
            for start in (self.time.cls_token, self.time.pos_embedding):
                if start is not None:
                    nn.init.normal_(start, std=SMALL_STD)

    def forward(self, inputs: Tensor) -> Outputs:
        """Map frames (B, T, 3, H, W) to logits (B, C)."""
        maps = self.trunk(inputs.flatten(0, 1))  # (B T, D, h, w)
        frames = maps.mean((2, 3)).unflatten(0, inputs.shape[:2])  # (B, T, D)
        clips = self.time(frames)  # (B, D)
        return Outputs(self.head(clips), {"features": clips})
