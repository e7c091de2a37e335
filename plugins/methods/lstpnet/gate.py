"""The gate of LSTPNet: channels of a frame, weighed by what they do over time."""

from __future__ import annotations

import math

from torch import Tensor, nn

LEAST_KERNEL = 3


def kernel_size(channels: int) -> int:
    """Return the odd kernel along channels: (log2 C + 1) / 2 cut to a whole number, one more if even, at least 3."""
    cut = int(abs(math.log2(channels) + 1) / 2)
    return max(cut + (cut % 2 == 0), LEAST_KERNEL)


def reduced(channels: int) -> int:
    """Return an eighth of the channels as a multiple of 8, at least 8."""
    return max(round(channels / 64) * 8, 8)


class TemporalGate(nn.Module):
    """Weigh each channel of each frame by 0..2: maps (B T, C, h, w) to maps of that shape.

    The maximum and the mean of a map each go the same way: along channels, over time, back along channels. Their sum
    goes through a sigmoid.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        kernel, inner = kernel_size(channels), reduced(channels)
        self.spread = nn.Conv1d(1, inner, kernel, padding=kernel // 2)
        self.time = nn.Conv1d(
            channels,
            channels,
            3,
            padding=1,
            bias=False,
        )
        self.gather = nn.Conv1d(inner, 1, kernel, padding=kernel // 2)

    def forward(self, maps: Tensor, clips: int) -> Tensor:
        """Return the maps of the frames of so many clips, weighed."""
        highest = self._over_time(maps.amax((2, 3)), clips)
        mean = self._over_time(maps.mean((2, 3)), clips)
        weights = 2 * (highest + mean).sigmoid()  # (B T, C)
        return maps * weights[..., None, None]

    def _over_time(self, pooled: Tensor, clips: int) -> Tensor:
        along = self.spread(pooled[:, None])  # (B T, r, C)
        along = along.unflatten(0, (clips, -1)).permute(0, 2, 3, 1)  # (B, r, C, T)
        moved = self.time(along.flatten(0, 1))  # (B r, C, T)
        moved = moved.unflatten(0, (clips, -1)).permute(0, 3, 1, 2)  # (B, T, r, C)
        weights: Tensor = self.gather(moved.flatten(0, 1).relu())  # (B T, 1, C)
        return weights[:, 0]
