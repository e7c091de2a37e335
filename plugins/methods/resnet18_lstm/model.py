"""ResNet-18 on each frame, and an LSTM or a GRU over them."""

from __future__ import annotations

from torch import Tensor, nn

from harness import Task
from harness.models import NetworkMethod, Outputs, Recurrent, ResNetTrunk, resnet_trunk, scaled
from harness_plugins.methods.resnet18_lstm import Options
from harness_plugins.methods.resnet18_lstm.bottleneck import BottleneckTrunk, start_as_dfew_repo


class ResNetLstm(NetworkMethod):
    """The mean of each frame's last map into a recurrent network, its read-out into a linear layer."""

    def __init__(self, task: Task, options: Options) -> None:
        super().__init__(options)
        self.trunk = trunk(options)
        self.time = Recurrent(
            self.trunk.channels,
            scaled(options.hidden, options.width),
            options.cell,
            options.layers,
            options.read_out,
            task.input.frames,
        )
        self.head = nn.Linear(self.time.channels, len(task.classes))
        if options.trunk == "dfew-repo":
            start_as_dfew_repo(self)

    def forward(self, inputs: Tensor) -> Outputs:
        """Map frames (B, T, 3, H, W) to logits (B, C)."""
        maps = self.trunk(inputs.flatten(0, 1))  # (B T, D, h, w)
        frames = maps.mean((2, 3)).unflatten(0, inputs.shape[:2])  # (B, T, D)
        clips = self.time(frames)  # (B, H)
        return Outputs(self.head(clips), {"features": clips})


def trunk(options: Options) -> ResNetTrunk | BottleneckTrunk:
    """Return the image network."""
    if options.trunk == "dfew-repo":
        return BottleneckTrunk(options.width)
    return resnet_trunk(
        34 if options.trunk == "resnet34" else 18,
        width=options.width,
    )
