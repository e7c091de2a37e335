"""A sketch of MSCM (Li, Chan, Tjahjadi, Pattern Recognition 2023): shifted ResNet-18, motion at several scales."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torchvision.models.resnet import BasicBlock

from harness import Task
from harness.models import NetworkMethod, Outputs, resnet_trunk, scaled
from harness_plugins.methods.mscm_sketch import Options
from harness_plugins.methods.mscm_sketch.motion import Motion

MOVING = 128  # channels behind the second stage, where motion is looked for


class MscmSketch(NetworkMethod):
    """Frames of a clip to its class."""

    def __init__(self, task: Task, options: Options) -> None:
        super().__init__(options)
        self.trunk = resnet_trunk(18, width=options.width)
        for block in self.trunk.modules():
            if isinstance(block, BasicBlock):
                block.conv1 = Shifted(block.conv1, task.input.frames, options.shift)
        self.motion = Motion(scaled(MOVING, options.width), options.radii, options.width)
        self.head = nn.Linear(self.trunk.channels, len(task.classes))

    def forward(self, inputs: Tensor) -> Outputs:
        """Map frames (B, T, 3, H, W) to logits (B, C)."""
        trunk = self.trunk
        maps = trunk.layer2(trunk.layer1(trunk.stem(inputs.flatten(0, 1))))
        maps = self.motion(maps.view(*inputs.shape[:2], *maps.shape[1:])).flatten(0, 1)
        maps = trunk.layer4(trunk.layer3(maps))
        features = maps.mean((2, 3)).view(*inputs.shape[:2], -1).mean(1)  # (B, D)
        return Outputs(self.head(features), {"features": features})


class Shifted(nn.Module):
    """A convolution that sees some channels of the frames beside (TSM, Lin et al., ICCV 2019)."""

    def __init__(
        self,
        conv: nn.Module,
        frames: int,
        part: int,
    ) -> None:
        super().__init__()
        self.conv = conv
        self.frames = frames
        self.part = part

    def forward(self, maps: Tensor) -> Tensor:
        """Return the convolution of shifted maps (B T, C, h, w)."""
        clips = maps.view(-1, self.frames, *maps.shape[1:])
        out: Tensor = self.conv(shifted(clips, clips.shape[2] // self.part).view_as(maps))
        return out


def shifted(clips: Tensor, channels: int) -> Tensor:
    """Return clips (B, T, C, h, w) whose first channels are of the frame behind, the next of that before; 0 beyond."""
    first = clips[:, :, :channels]
    second = clips[:, :, channels : 2 * channels]
    rest = clips[:, :, 2 * channels :]
    blank = torch.zeros_like(first[:, :1])
    from_behind = torch.cat([first[:, 1:], blank], 1)
    from_before = torch.cat([blank, second[:, :-1]], 1)
    return torch.cat([from_behind, from_before, rest], 2)
