"""The two excitations. DPCNet's names are published, what is inside is not: this is ours."""

from __future__ import annotations

import torch
from torch import Tensor, nn

KERNEL = 7


class SpatialFrame(nn.Module):
    """Maps (B, T, D, h, w) to frames (B, T, D): places by a gate of each frame, frames by a gate of the clip."""

    def __init__(self, frames: int) -> None:
        super().__init__()
        self.places = nn.Conv2d(2, 1, KERNEL, padding=KERNEL // 2)
        self.frames = nn.Sequential(
            nn.Linear(frames, frames),
            nn.ReLU(),
            nn.Linear(frames, frames),
        )

    def forward(self, maps: Tensor) -> Tensor:
        """Return a vector of each frame."""
        whole = torch.stack([maps.mean(2), maps.amax(2)], 2)  # (B, T, 2, h, w)
        places = self.places(whole.flatten(0, 1)).sigmoid()  # (B T, 1, h, w)
        maps = maps * places.view(*maps.shape[:2], 1, *maps.shape[3:])
        frames = self.frames(maps.mean((2, 3, 4))).sigmoid()  # (B, T)
        vectors: Tensor = maps.mean((3, 4)) * frames[..., None]
        return vectors


class ChannelTemporal(nn.Module):
    """Maps (B, T, D, h, w) to frames (B, T, D): channels by a gate of the clip, then each channel over time."""

    def __init__(self, channels: int, reduction: int) -> None:
        super().__init__()
        inner = max(channels // reduction, 1)
        self.channels = nn.Sequential(
            nn.Linear(channels, inner),
            nn.ReLU(),
            nn.Linear(inner, channels),
        )
        self.time = nn.Conv1d(
            channels,
            channels,
            3,
            padding=1,
            groups=channels,
        )

    def forward(self, maps: Tensor) -> Tensor:
        """Return a vector of each frame."""
        pooled = maps.mean((3, 4))  # (B, T, D)
        gates = self.channels(pooled.mean(1)).sigmoid()  # (B, D)
        frames: Tensor = self.time((pooled * gates[:, None]).transpose(1, 2))
        return frames.transpose(1, 2)
