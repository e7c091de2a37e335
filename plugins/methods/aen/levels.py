"""Levels of the trunk over time, and how one level looks at the next finer one."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from harness.models import PreNorm

HEADS, FEED_FORWARD = 8, 4
POSITION_STD = 0.02


class Level(nn.Module):
    """Maps of a level (B T, C, h, w) to what its frames show (B, T, C) and what the clip shows (B, C)."""

    def __init__(
        self,
        channels: int,
        frames: int,
        layers: int,
    ) -> None:
        super().__init__()
        self.squeeze = nn.Conv2d(channels, channels, 1)
        start = nn.init.trunc_normal_(torch.empty(1, frames, channels), std=POSITION_STD)
        self.positions = nn.Parameter(start)
        self.encoder = PreNorm(
            channels,
            layers,
            HEADS,
            channels // HEADS,
            FEED_FORWARD * channels,
        )

    def forward(self, maps: Tensor, clips: int) -> tuple[Tensor, Tensor]:
        """Return frames and clip, of so many clips."""
        squeezed = self.squeeze(maps).mean((2, 3))  # (B T, C)
        frames = squeezed.view(clips, -1, squeezed.shape[1])
        clip = self.encoder(frames + self.positions).mean(1)
        return frames, clip


class CrossLevel(nn.Module):
    """S2AC: what is known so far (B, D) weighs a finer level v (B, C) channel by channel, W2 softmax(W1 f v') v."""

    def __init__(self, known: int, channels: int) -> None:
        super().__init__()
        self.first = nn.Linear(known, channels)
        self.second = nn.Linear(channels, channels)

    def forward(self, known: Tensor, finer: Tensor) -> Tensor:
        """Return what both say, (B, C)."""
        scores = self.first(known)[:, :, None] @ finer[:, None]  # (B, C, C)
        mixed = scores.softmax(-1) @ finer[..., None]  # (B, C, 1)
        out: Tensor = self.second(mixed[..., 0])
        return out
