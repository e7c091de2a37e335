"""Bottleneck blocks of P3D: three arrangements of a spatial and a temporal convolution, and a plain 2-D one."""

from __future__ import annotations

from abc import abstractmethod

import torch
from torch import Tensor, nn

EXPANSION = 4  # channels that a block gives for each of its inner ones
ARRANGEMENTS = ("A", "B", "C")  # by the number of a block, over all stages


class Block(nn.Module):
    """A 1x1 convolution that takes the stride, a mixing, a 1x1 convolution, and the shortcut.

    Names of modules, and their order, are those of public files.
    """

    downsample: nn.Module | None
    conv1: nn.Module
    bn1: nn.Module
    conv4: nn.Module
    bn4: nn.Module

    @abstractmethod
    def mix(self, maps: Tensor) -> Tensor:
        """Look at a place's neighbours."""

    def forward(self, maps: Tensor) -> Tensor:
        """Map (B, D, ...) to (B, 4 W, ...)."""
        shortcut = maps if self.downsample is None else self.downsample(maps)
        inner = torch.relu(self.bn1(self.conv1(maps)))
        out = self.bn4(self.conv4(self.mix(inner)))
        return torch.relu(out + shortcut)


class PseudoBlock(Block):
    """A block of clips (B, D, T, H, W), by its arrangement.

    A: space, then time. B: both beside each other. C: space, and time upon it beside it.
    """

    def __init__(
        self,
        entering: int,
        width: int,
        stride: int,
        first: bool,
        arrangement: str,
    ) -> None:
        super().__init__()
        self.arrangement = arrangement
        leaving = EXPANSION * width
        steps = (1, stride, stride)
        self.downsample = None
        if first:
            self.downsample = nn.Sequential(
                nn.Conv3d(entering, leaving, 1, steps, bias=False),
                nn.BatchNorm3d(leaving),
            )
        self.conv1 = nn.Conv3d(entering, width, 1, steps, bias=False)
        self.bn1 = nn.BatchNorm3d(width)
        self.conv2 = nn.Conv3d(width, width, (1, 3, 3), padding=(0, 1, 1), bias=False)
        self.bn2 = nn.BatchNorm3d(width)
        self.conv3 = nn.Conv3d(width, width, (3, 1, 1), padding=(1, 0, 0), bias=False)
        self.bn3 = nn.BatchNorm3d(width)
        self.conv4 = nn.Conv3d(width, leaving, 1, bias=False)
        self.bn4 = nn.BatchNorm3d(leaving)

    def mix(self, maps: Tensor) -> Tensor:
        """Look at neighbours in space and in time."""
        seen = torch.relu(self.bn2(self.conv2(maps)))
        followed = maps if self.arrangement == "B" else seen
        moved = torch.relu(self.bn3(self.conv3(followed)))
        return moved if self.arrangement == "A" else seen + moved


class FlatBlock(Block):
    """A block of maps (B, D, H, W), as in ResNet but for the place of its stride."""

    def __init__(
        self,
        entering: int,
        width: int,
        stride: int,
        first: bool,
    ) -> None:
        super().__init__()
        leaving = EXPANSION * width
        self.downsample = None
        if first:
            self.downsample = nn.Sequential(
                nn.Conv2d(entering, leaving, 1, stride, bias=False),
                nn.BatchNorm2d(leaving),
            )
        self.conv1 = nn.Conv2d(entering, width, 1, stride, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv_normal = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.bn_normal = nn.BatchNorm2d(width)
        self.conv4 = nn.Conv2d(width, leaving, 1, bias=False)
        self.bn4 = nn.BatchNorm2d(leaving)

    def mix(self, maps: Tensor) -> Tensor:
        """Look at neighbours in space."""
        return torch.relu(self.bn_normal(self.conv_normal(maps)))
