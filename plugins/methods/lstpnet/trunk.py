"""The image network of LSTPNet: ResNet-18 whose 3x3 convolutions have biases, gated over time."""

from __future__ import annotations

from torch import Tensor, nn

from harness.models import scaled
from harness_plugins.methods.lstpnet.gate import TemporalGate

CHANNELS = 64, 128, 256, 512


class Block(nn.Module):
    """A basic block. With a gate only the main path sees the gated maps; the shortcut takes them as they were."""

    def __init__(
        self,
        before: int,
        channels: int,
        stride: int,
        gated: bool,
    ) -> None:
        super().__init__()
        self.gate = TemporalGate(before) if gated else None
        self.conv1 = nn.Conv2d(
            before,
            channels,
            3,
            stride,
            padding=1,
        )
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1)
        self.bn2 = nn.BatchNorm2d(channels)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = None
        if stride > 1:
            self.downsample = nn.Sequential(
                nn.Conv2d(before, channels, 1, stride),
                nn.BatchNorm2d(channels),
            )

    def forward(self, maps: Tensor, clips: int) -> Tensor:
        """Map maps (B T, C, h, w) of so many clips to those of the block."""
        main = maps if self.gate is None else self.gate(maps, clips)
        main = self.relu(self.bn1(self.conv1(main)))
        main = self.bn2(self.conv2(main))
        short = maps if self.downsample is None else self.downsample(maps)
        out: Tensor = self.relu(main + short)
        return out


class GatedTrunk(nn.Module):
    """Frames (B, T, 3, H, W) to a vector each, (B, T, D)."""

    def __init__(self, width: float) -> None:
        super().__init__()
        sizes = [scaled(channels, width) for channels in CHANNELS]
        self.conv1 = nn.Conv2d(
            3,
            sizes[0],
            7,
            stride=2,
            padding=3,
            bias=False,
        )
        self.bn1 = nn.BatchNorm2d(sizes[0])
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        self.layer1 = stage(sizes[0], sizes[0], 1, gated=False)
        self.layer2 = stage(sizes[0], sizes[1], 2, gated=True)
        self.layer3 = stage(sizes[1], sizes[2], 2, gated=True)
        self.layer4 = stage(sizes[2], sizes[3], 2, gated=True)
        self.gate = TemporalGate(sizes[3])
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, inputs: Tensor) -> Tensor:
        """Return a vector of each frame."""
        clips = len(inputs)
        maps = self.maxpool(self.relu(self.bn1(self.conv1(inputs.flatten(0, 1)))))
        for layer in (self.layer1, self.layer2, self.layer3, self.layer4):
            for block in layer:
                maps = block(maps, clips)
        gated: Tensor = self.gate(maps, clips)
        return gated.mean((2, 3)).view(clips, inputs.shape[1], -1)


def stage(
    before: int,
    channels: int,
    stride: int,
    gated: bool,
) -> nn.ModuleList:
    """Return two blocks, the first of which may shrink the maps."""
    return nn.ModuleList(
        [
            Block(before, channels, stride, gated),
            Block(channels, channels, 1, gated),
        ]
    )
