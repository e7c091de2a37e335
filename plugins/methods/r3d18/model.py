"""3D ResNet-18: Hara et al. (2018), and Tran et al. (2018) as torchvision has it."""

from __future__ import annotations

from torch import Tensor, nn

from harness import Task
from harness.models import NetworkMethod, Outputs, video_trunk
from harness_plugins.methods.r3d18 import Options


class R3d18(NetworkMethod):
    """Residual blocks of 3x3x3 convolutions, the mean over time and space, and a linear classifier."""

    def __init__(self, task: Task, options: Options) -> None:
        super().__init__(options)
        of_torchvision = options.arch == "torchvision"
        self.trunk = video_trunk("r3d" if of_torchvision else "hara", options.width)
        self.fc = nn.Linear(self.trunk.channels, len(task.classes))
        if of_torchvision:
            nn.init.normal_(self.fc.weight, std=0.01)
            nn.init.zeros_(self.fc.bias)

    def forward(self, inputs: Tensor) -> Outputs:
        """Map frames (B, T, 3, H, W) to logits (B, C)."""
        features = self.trunk(inputs.transpose(1, 2))  # (B, D)
        return Outputs(self.fc(features), {"features": features})
