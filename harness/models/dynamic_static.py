"""What IAL and NR-DFERNet have in common: their stem, and the fusion of a frame with its change to the next."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torchvision.models.resnet import conv3x3

from harness.models.prenorm import PreNorm
from harness.models.trunk import basic_block, map_side

HEADS, HEAD_WIDTH = 4, 32  # of the transformers over places and over steps
HALVINGS = 5  # from a frame to a fused map: 112 to 4
LAYERS = 2


class TwinStem(nn.Module):
    """Two convolutions of 3x3 in the place of ResNet's of 7x7, and its pool: frames (N, 3, H, W) to maps of a quarter
    of their size.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.convolutions = nn.Sequential(
            conv3x3(3, channels, stride=2),
            nn.BatchNorm2d(channels),
            nn.ReLU(),
            conv3x3(channels, channels),
        )
        self.norm = nn.BatchNorm2d(channels)
        self.relu = nn.ReLU(inplace=True)
        self.pool = nn.MaxPool2d(kernel_size=3, stride=2, padding=1)

    def forward(self, frames: Tensor) -> Tensor:
        """Return the maps."""
        maps: Tensor = self.pool(self.relu(self.norm(self.convolutions(frames))))
        return maps


def steps_transformer(width: int, hidden: int) -> PreNorm:
    """Return the transformer over the steps of a clip, whose inner width is far below that of its tokens."""
    return PreNorm(
        width,
        LAYERS,
        HEADS,
        HEAD_WIDTH,
        hidden,
    )


class DynamicStatic(nn.Module):
    """Maps of T frames to T - 1 steps: what changes to the next frame, through three blocks, and what is in the frame,
    through a transformer over its places, are added.

    Args:
        channels: D, of the maps.
        size: of the frames, in pixels.
    """

    def __init__(self, channels: int, size: int) -> None:
        super().__init__()
        places = map_side(size, HALVINGS) ** 2
        self.channels = channels * places  # of a step
        self.dynamic = nn.Sequential(
            basic_block(channels, channels, 2),
            basic_block(channels, channels),
            basic_block(channels, channels),
        )
        self.patches = nn.Sequential(
            conv3x3(channels, channels, stride=2),
            nn.BatchNorm2d(channels),
            nn.ReLU(),
        )
        self.static = PreNorm(
            channels,
            LAYERS,
            HEADS,
            HEAD_WIDTH,
            channels,
        )
        self.positions = nn.Parameter(torch.randn(1, places, channels))

    def forward(self, maps: Tensor) -> Tensor:
        """Map maps (B, T, D, h, w) to steps (B, T - 1, D h/2 w/2)."""
        changes = (maps[:, 1:] - maps[:, :-1]).flatten(0, 1)  # (B (T-1), D, h, w)
        fused: Tensor = self.dynamic(changes) + self.placed(maps[:, :-1].flatten(0, 1))
        return fused.reshape(len(maps), -1, self.channels)

    def placed(self, maps: Tensor) -> Tensor:
        """Let the places of maps (N, D, h, w), halved, look at each other."""
        halved: Tensor = self.patches(maps)
        tokens = halved.flatten(2).transpose(1, 2)  # (N, places, D)
        seen: Tensor = self.static(tokens + self.positions)
        return seen.transpose(1, 2).reshape(halved.shape)
