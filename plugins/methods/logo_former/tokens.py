"""Tokens of clips as LOGO-Former and STT see them: places of the maps that ResNet-18 has behind its third stage."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from harness.models import resnet_trunk, scaled

WIDTH, TRUNK_WIDTH, STAGES = 512, 256, 3
POSITION_STD = 0.02
REDUCTION = 16  # pixels of a frame to a place of its map


def grid_size(pixels: int) -> int:
    """Return places along a side of the map, of frames with that many pixels along theirs."""
    return -(-pixels // REDUCTION)


class ClipMaps(nn.Module):
    """Frames (B, T, 3, H, W) to maps (B, T, h, w, D)."""

    def __init__(self, width: float) -> None:
        super().__init__()
        self.trunk = resnet_trunk(18, STAGES, width)
        self.project = nn.Conv2d(scaled(TRUNK_WIDTH, width), scaled(WIDTH, width), 1)
        nn.init.kaiming_uniform_(self.project.weight)
        nn.init.zeros_(self.project.bias)  # type: ignore[arg-type]

    def forward(self, inputs: Tensor) -> Tensor:
        """Return maps, the channels last."""
        maps: Tensor = self.project(self.trunk(inputs.flatten(0, 1)))  # (B T, D, h, w)
        maps = maps.permute(0, 2, 3, 1)
        return maps.reshape(*inputs.shape[:2], *maps.shape[1:])


def learned(*shape: int) -> nn.Parameter:
    """Return a learned embedding, N(0, 0.02²)."""
    return nn.Parameter(nn.init.trunc_normal_(torch.empty(shape), std=POSITION_STD))
