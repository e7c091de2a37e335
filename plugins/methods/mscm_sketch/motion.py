"""What moves between neighbouring frames, at several scales, added to what they show. All of it is ours."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from harness.models import scaled

COMPARED, HIDDEN = 32, (16, 32)


def correlation(maps: Tensor, behind: Tensor, radius: int) -> Tensor:
    """Return how much each place resembles those around it in the frame behind, by the cosine.

    Maps (N, C, h, w) to (N, (2 r + 1)^2, h, w), from above to below and from left to right; 0 outside.
    """
    side = 2 * radius + 1
    around = F.unfold(F.normalize(behind, dim=1), side, padding=radius)  # (N, C side², h w)
    around = around.view(len(maps), maps.shape[1], side**2, *maps.shape[2:])
    return (F.normalize(maps, dim=1)[:, :, None] * around).sum(1)


class Motion(nn.Module):
    """Maps (B, T, C, h, w) to maps of that shape, what moves added to them."""

    def __init__(
        self,
        channels: int,
        radii: Sequence[int],
        width: float,
    ) -> None:
        super().__init__()
        self.radii = tuple(radii)
        self.reduce = nn.Conv2d(channels, scaled(COMPARED, width), 1)
        self.encoders = nn.ModuleList(encoder((2 * radius + 1) ** 2, channels, width) for radius in radii)
        self.squeeze = nn.Linear(channels, channels // 4)
        self.choose = nn.Linear(channels // 4, len(radii) * channels)

    def forward(self, maps: Tensor) -> Tensor:
        """Return the maps with what moves."""
        reduced = self.reduce(maps.flatten(0, 1))
        reduced = reduced.view(*maps.shape[:2], *reduced.shape[1:])
        behind = torch.cat([reduced[:, 1:], reduced[:, -1:]], 1)  # of the last frame: itself
        pair = reduced.flatten(0, 1), behind.flatten(0, 1)
        scales = [encode(correlation(*pair, r)) for r, encode in zip(self.radii, self.encoders, strict=True)]
        motion = self._fused(torch.stack(scales, 1))
        return maps + motion.view_as(maps)

    def _fused(self, scales: Tensor) -> Tensor:
        """Return scales (N, S, C, h, w) as one, each weighed by channel as all of them together say: (N, C, h, w)."""
        pooled = scales.sum(1).mean((2, 3))  # (N, C)
        weights = self.choose(self.squeeze(pooled).relu()).view(*scales.shape[:3])
        fused: Tensor = (scales * weights.softmax(1)[..., None, None]).sum(1)
        return fused


def encoder(
    places: int,
    channels: int,
    width: float,
) -> nn.Sequential:
    """Return three convolutions of correlation maps."""
    sizes = [places, *(scaled(hidden, width) for hidden in HIDDEN), channels]
    layers: list[nn.Module] = []
    for before, behind in pairwise(sizes):
        layers += [
            nn.Conv2d(
                before,
                behind,
                3,
                padding=1,
                bias=False,
            ),
            nn.BatchNorm2d(behind),
            nn.ReLU(),
        ]
    return nn.Sequential(*layers)
