"""R(2+1)D-18 as the port jfzhang95/pytorch-video-recognition has it, whose cost the Former-DFER paper prints."""

from __future__ import annotations

from collections import OrderedDict

from torch import Tensor, nn

from harness.models import scaled

CHANNELS = (64, 128, 256, 512)


class Factorised(nn.Module):
    """Clips (B, 3, T, H, W) to features (B, D): every convolution is one in space, then one in time, with biases."""

    def __init__(self, width: float = 1.0) -> None:
        super().__init__()
        sizes = [scaled(count, width) for count in CHANNELS]
        self.channels = sizes[-1]
        self.conv1 = space_time(
            3,
            sizes[0],
            kernel=(3, 7, 7),
            stride=(1, 2, 2),
        )
        stages = zip([sizes[0], *sizes], sizes, strict=False)
        self.stages = nn.Sequential(*(stage(seen, channels) for seen, channels in stages))
        self.pool = nn.AdaptiveAvgPool3d(1)

    def forward(self, clips: Tensor) -> Tensor:
        """Map clips (B, 3, T, H, W) to features (B, D). Behind the first convolution stands no activation."""
        maps = self.stages(self.conv1(clips))
        features: Tensor = self.pool(maps).flatten(1)
        return features


def stage(seen: int, channels: int) -> nn.Sequential:
    """Return two blocks, the first of which halves time and space where the channels change."""
    return nn.Sequential(Block(seen, channels), Block(channels, channels))


class Block(nn.Module):
    """Two convolutions and a shortcut, which is factorised as well where it has to change the shape."""

    def __init__(self, seen: int, channels: int) -> None:
        super().__init__()
        halves = seen != channels
        stride = 2 if halves else 1
        self.conv1 = space_time(
            seen,
            channels,
            stride=(stride, stride, stride),
        )
        self.bn1 = nn.BatchNorm3d(channels)
        self.relu = nn.ReLU()
        self.conv2 = space_time(channels, channels)
        self.bn2 = nn.BatchNorm3d(channels)
        self.shortcut = shortcut(seen, channels) if halves else nn.Identity()

    def forward(self, maps: Tensor) -> Tensor:
        """Map (B, D, T, H, W) to maps of the block's channels."""
        out = self.relu(self.bn1(self.conv1(maps)))
        out = self.bn2(self.conv2(out))
        added: Tensor = self.relu(self.shortcut(maps) + out)
        return added


def shortcut(seen: int, channels: int) -> nn.Sequential:
    """Return what brings a block's input to its output's shape."""
    conv = space_time(
        seen,
        channels,
        kernel=(1, 1, 1),
        stride=(2, 2, 2),
    )
    return nn.Sequential(conv, nn.BatchNorm3d(channels))


def space_time(
    seen: int,
    channels: int,
    kernel: tuple[int, int, int] = (3, 3, 3),
    stride: tuple[int, int, int] = (1, 1, 1),
) -> nn.Sequential:
    """Return a convolution in space and one in time, with as many channels between as keep the parameters' number."""
    time, height, wide = kernel
    place = height * wide
    between = time * place * seen * channels // (place * seen + time * channels)
    spatial = nn.Conv3d(
        seen,
        between,
        (1, height, wide),
        stride=(1, *stride[1:]),
        padding=(0, height // 2, wide // 2),
    )
    temporal = nn.Conv3d(
        between,
        channels,
        (time, 1, 1),
        stride=(stride[0], 1, 1),
        padding=(time // 2, 0, 0),
    )
    parts = {
        "space": spatial,
        "bn": nn.BatchNorm3d(between),
        "relu": nn.ReLU(),
        "time": temporal,
    }
    return nn.Sequential(OrderedDict(parts))
