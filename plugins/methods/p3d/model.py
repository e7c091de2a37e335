"""P3D: Qiu et al. (2017), as the DFEW authors' code has it."""

from __future__ import annotations

from math import sqrt

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from harness import Task
from harness.models import NetworkMethod, Outputs, scaled
from harness_plugins.methods.p3d import Options
from harness_plugins.methods.p3d.blocks import ARRANGEMENTS, EXPANSION, FlatBlock, PseudoBlock

BLOCKS = {63: (3, 4, 6, 3), 131: (3, 4, 23, 3), 199: (3, 8, 36, 3)}  # of each stage, by depth
WIDTHS = (64, 128, 256, 512)


class P3d(NetworkMethod):
    """A stem, three stages of clips that each halve time, one of maps, the mean over space, and a classifier."""

    def __init__(self, task: Task, options: Options) -> None:
        super().__init__(options)
        stem, *widths = (scaled(width, options.width) for width in (WIDTHS[0], *WIDTHS))
        counts = BLOCKS[options.depth]
        self.conv1_custom = nn.Conv3d(3, stem, (1, 7, 7), (1, 2, 2), (0, 3, 3), bias=False)
        self.bn1 = nn.BatchNorm3d(stem)
        self.pool = nn.MaxPool3d((2, 3, 3), 2, (0, 1, 1))

        self.layer1 = make_clip_stage(stem, widths[0], counts[0], 0, stride=1)
        self.layer2 = make_clip_stage(EXPANSION * widths[0], widths[1], counts[1], counts[0])
        self.layer3 = make_clip_stage(EXPANSION * widths[1], widths[2], counts[2], counts[0] + counts[1])
        self.layer4 = make_map_stage(EXPANSION * widths[2], widths[3], counts[3])
        self.dropout = nn.Dropout(options.dropout)
        self.fc = nn.Linear(EXPANSION * widths[3], len(task.classes))
        self.apply(start)

    def forward(self, inputs: Tensor) -> Outputs:
        """Map frames (B, T, 3, H, W) to logits (B, C)."""
        maps = inputs.transpose(1, 2)  # (B, 3, T, H, W)
        maps = self.pool(torch.relu(self.bn1(self.conv1_custom(maps))))
        for stage in (self.layer1, self.layer2, self.layer3):
            maps = halve(stage(maps))

        # Sixteen to 31 frames have become one here.
        times = maps.shape[2]
        flat = self.layer4(maps.transpose(1, 2).flatten(0, 1))  # (B T, D, H, W)
        features = flat.mean((2, 3)).unflatten(0, (-1, times)).mean(1)  # (B, D)
        return Outputs(self.fc(self.dropout(features)), {"features": features})


def halve(maps: Tensor) -> Tensor:
    """Keep the larger of each two times, and one that is alone."""
    return F.max_pool3d(maps, (2, 1, 1)) if maps.shape[2] > 1 else maps


def make_clip_stage(
    entering: int,
    width: int,
    count: int,
    number: int,
    stride: int = 2,
) -> nn.Sequential:
    """Return blocks of clips; `number` is that of the first among those of all stages."""
    blocks = [
        PseudoBlock(
            EXPANSION * width if index else entering,
            width,
            1 if index else stride,
            index == 0,
            ARRANGEMENTS[(number + index) % 3],
        )
        for index in range(count)
    ]
    return nn.Sequential(*blocks)


def make_map_stage(entering: int, width: int, count: int) -> nn.Sequential:
    """Return blocks of maps."""
    first = FlatBlock(entering, width, 2, True)
    others = [FlatBlock(EXPANSION * width, width, 1, False) for _ in range(count - 1)]
    return nn.Sequential(first, *others)


def start(part: nn.Module) -> None:
    """Draw weights as the DFEW authors' code does; for clips it leaves the kernel's third size out."""
    if isinstance(part, nn.Conv3d):
        seen = part.kernel_size[0] * part.kernel_size[1] * part.out_channels
        nn.init.normal_(part.weight, std=sqrt(2 / seen))
    if isinstance(part, nn.Conv2d | nn.Linear):
        nn.init.kaiming_normal_(part.weight)
