"""I3D of RGB frames (Carreira and Zisserman, CVPR 2017): Inception-v1 inflated along time."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from harness import Task
from harness.models import NetworkMethod, Outputs, scaled
from harness_plugins.methods.i3d import Options

MIXED = {  # channels of: 1, 3 reduced, 3, 3 reduced, 3, pooled
    "3b": (64, 96, 128, 16, 32, 32),
    "3c": (128, 128, 192, 32, 96, 64),
    "4b": (192, 96, 208, 16, 48, 64),
    "4c": (160, 112, 224, 24, 64, 64),
    "4d": (128, 128, 256, 24, 64, 64),
    "4e": (112, 144, 288, 32, 64, 64),
    "4f": (256, 160, 320, 32, 128, 128),
    "5b": (256, 160, 320, 32, 128, 128),
    "5c": (384, 192, 384, 48, 128, 128),
}
STEM = (64, 64, 192)

Sizes = tuple[int, int, int]
# Before which block, and with which kernel and stride, time and space are pooled.
POOLS: dict[str, tuple[Sizes, Sizes]] = {
    "2b": ((1, 3, 3), (1, 2, 2)),
    "3b": ((1, 3, 3), (1, 2, 2)),
    "4b": ((3, 3, 3), (2, 2, 2)),
    "5b": ((2, 2, 2), (2, 2, 2)),
}


class I3d(NetworkMethod):
    """Units and Inception blocks under their public names, the mean over what is left of time and space, a classifier.

    The classifier is a 1x1x1 convolution, as its public files have it.
    """

    def __init__(self, task: Task, options: Options) -> None:
        super().__init__(options)
        first, second, seen = (scaled(count, options.width) for count in STEM)
        last = sum(widths(MIXED["5c"], options.width)[index] for index in (0, 2, 4, 5))
        self.logits = nn.ModuleDict({"conv3d": nn.Conv3d(last, len(task.classes), 1)})
        self.Conv3d_1a_7x7 = Unit(
            3,
            first,
            kernel=7,
            stride=2,
        )
        self.Conv3d_2b_1x1 = Unit(first, second)
        self.Conv3d_2c_3x3 = Unit(second, seen, kernel=3)
        for name, channels in MIXED.items():
            block = Mixed(seen, widths(channels, options.width))
            self.add_module(f"Mixed_{name}", block)
            seen = block.channels
        self.dropout = nn.Dropout(options.dropout)

    def forward(self, inputs: Tensor) -> Outputs:
        """Map frames (B, T, 3, H, W) to logits (B, C)."""
        maps = self.maps(inputs.transpose(1, 2))  # (B, D, T', H', W')
        features = self.dropout(maps.mean((2, 3, 4), keepdim=True))  # (B, D, 1, 1, 1)
        logits = self.logits["conv3d"](features).flatten(1)
        return Outputs(logits, {"features": features.flatten(1)})

    def maps(self, clips: Tensor) -> Tensor:
        """Map clips (B, 3, T, H, W) to the last maps (B, D, T', H', W')."""
        maps: Tensor = pooled(self.Conv3d_1a_7x7(clips), *POOLS["2b"])
        maps = self.Conv3d_2c_3x3(self.Conv3d_2b_1x1(maps))
        for name in MIXED:
            if name in POOLS:
                maps = pooled(maps, *POOLS[name])
            maps = self.get_submodule(f"Mixed_{name}")(maps)
        return maps


class Unit(nn.Module):
    """A convolution without a bias, batch norm and ReLU; zeros around divide the size by the stride."""

    def __init__(
        self,
        seen: int,
        channels: int,
        kernel: int = 1,
        stride: int = 1,
    ) -> None:
        super().__init__()
        self.conv3d = nn.Conv3d(
            seen,
            channels,
            kernel,
            stride=stride,
            bias=False,
        )
        self.bn = nn.BatchNorm3d(channels, eps=1e-3, momentum=0.01)

    def forward(self, maps: Tensor) -> Tensor:
        """Map (B, D, T, H, W) to maps of the unit's channels."""
        maps = same_padded(maps, self.conv3d.kernel_size, self.conv3d.stride)
        out: Tensor = F.relu(self.bn(self.conv3d(maps)))
        return out


class Mixed(nn.Module):
    """Inception's block: a 1x1x1 unit, two of 3x3x3 behind a narrow one, and one of the pooled maps, side by side."""

    def __init__(self, seen: int, channels: Sequence[int]) -> None:
        super().__init__()
        alone, narrow, wide, narrower, narrow_wide, after_pool = channels
        self.b0 = Unit(seen, alone)
        self.b1a = Unit(seen, narrow)
        self.b1b = Unit(narrow, wide, kernel=3)
        self.b2a = Unit(seen, narrower)
        self.b2b = Unit(narrower, narrow_wide, kernel=3)
        self.b3b = Unit(seen, after_pool)
        self.channels = alone + wide + narrow_wide + after_pool

    def forward(self, maps: Tensor) -> Tensor:
        """Map (B, D, T, H, W) to maps of as many channels as all branches have."""
        near = pooled(maps, (3, 3, 3), (1, 1, 1))
        branches = [
            self.b0(maps),
            self.b1b(self.b1a(maps)),
            self.b2b(self.b2a(maps)),
            self.b3b(near),
        ]
        return torch.cat(branches, 1)


def widths(channels: Sequence[int], width: float) -> list[int]:
    """Return the channels of a block, narrowed."""
    return [scaled(count, width) for count in channels]


def pooled(
    maps: Tensor,
    kernel: Sizes,
    stride: Sizes,
) -> Tensor:
    """Return the largest values, with zeros around: what is pooled is never negative."""
    return F.max_pool3d(same_padded(maps, kernel, stride), kernel, stride)


def same_padded(
    maps: Tensor,
    kernel: Sequence[int],
    stride: Sequence[int],
) -> Tensor:
    """Return maps with as many zeros that each size becomes itself over the stride, rounded up; the odd one behind."""
    around = []
    for size, width, step in zip(maps.shape[2:], kernel, stride, strict=True):
        lacking = max(width - (size % step or step), 0)
        around.append((lacking // 2, lacking - lacking // 2))
    flat = [side for sides in reversed(around) for side in sides]
    return F.pad(maps, flat) if any(flat) else maps
