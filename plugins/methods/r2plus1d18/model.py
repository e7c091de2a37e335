"""R(2+1)D-18 (Tran et al., CVPR 2018): every 3-D convolution is one in space, then one in time."""

from __future__ import annotations

from torch import Tensor, nn

from harness import Task
from harness.models import NetworkMethod, Outputs, video_trunk
from harness_plugins.methods.r2plus1d18 import Options
from harness_plugins.methods.r2plus1d18.factorised import Factorised


class R2plus1d18(NetworkMethod):
    """The trunk that the options name, the mean over time and space, and a linear classifier."""

    def __init__(self, task: Task, options: Options) -> None:
        super().__init__(options)
        of_torchvision = options.arch == "torchvision"
        self.trunk = video_trunk("r2plus1d", options.width) if of_torchvision else Factorised(options.width)
        self.fc = nn.Linear(self.trunk.channels, len(task.classes))
        if of_torchvision:
            nn.init.normal_(self.fc.weight, std=0.01)
            nn.init.zeros_(self.fc.bias)

    def forward(self, inputs: Tensor) -> Outputs:
        """Map frames (B, T, 3, H, W) to logits (B, C)."""
        features = self.trunk(inputs.transpose(1, 2))  # (B, D)
        return Outputs(self.fc(features), {"features": features})
