"""torchvision's residual networks of clips, without their classifier: 3D ResNet-18 and R(2+1)D-18."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from torch import Tensor, nn
from torchvision.models.video.resnet import BasicBlock, Conv2Plus1D, Conv3DSimple

from harness.models.network import scaled

CHANNELS = (64, 128, 256, 512)  # of the stages; the stem has those of the first
FACTORS = 45  # of the factorised stem, between space and time

Kind = Literal["r3d", "r2plus1d", "hara"]


def video_trunk(kind: Kind = "r3d", width: float = 1.0) -> VideoTrunk:
    """Return a network of clips (B, 3, T, H, W) to features (B, D).

    Args:
        kind: `r3d` and `r2plus1d` are torchvision's `r3d_18` and `r2plus1d_18`; `hara` is the former with the stem of
            the 3D ResNets of Hara et al., which halves time and space once more.
        width: share of the channels; 1 is the published network.
    """
    return VideoTrunk(kind, width)


class VideoTrunk(nn.Module):
    """torchvision's `VideoResNet` of 18 layers: its modules, its names in the state dict, its initial weights."""

    def __init__(self, kind: Kind, width: float) -> None:
        super().__init__()
        sizes = [scaled(count, width) for count in CHANNELS]
        conv = Conv2Plus1D if kind == "r2plus1d" else Conv3DSimple
        self.stem = STEMS[kind](width)
        self.layer1 = _stage(sizes[0], sizes[0], conv)
        self.layer2 = _stage(sizes[0], sizes[1], conv, stride=2)
        self.layer3 = _stage(sizes[1], sizes[2], conv, stride=2)
        self.layer4 = _stage(sizes[2], sizes[3], conv, stride=2)
        self.avgpool = nn.AdaptiveAvgPool3d(1)
        self.channels = sizes[3]  # D
        start_as_video_resnet(self)

    def forward(self, clips: Tensor) -> Tensor:
        """Map clips (B, 3, T, H, W) to features (B, D)."""
        maps = self.layer2(self.layer1(self.stem(clips)))
        maps = self.layer4(self.layer3(maps))
        features: Tensor = self.avgpool(maps).flatten(1)
        return features


def start_as_video_resnet(network: nn.Module) -> None:
    """Give the convolutions and batch norms of a network the initial weights of torchvision's `VideoResNet`."""
    for part in network.modules():
        if isinstance(part, nn.Conv3d):
            nn.init.kaiming_normal_(part.weight, mode="fan_out", nonlinearity="relu")
        elif isinstance(part, nn.BatchNorm3d):
            nn.init.ones_(part.weight)
            nn.init.zeros_(part.bias)


def _stage(
    seen: int,
    channels: int,
    conv: type[nn.Module],
    stride: int = 1,
) -> nn.Sequential:
    """Return two basic blocks; a projection is the shortcut of the first where the shape changes."""
    shortcut = None
    if stride != 1 or seen != channels:
        shortcut = nn.Sequential(
            nn.Conv3d(
                seen,
                channels,
                kernel_size=1,
                stride=stride,
                bias=False,
            ),
            nn.BatchNorm3d(channels),
        )
    first = BasicBlock(
        seen,
        channels,
        conv,
        stride,
        shortcut,
    )
    return nn.Sequential(first, BasicBlock(channels, channels, conv))


def _r3d_stem(width: float) -> nn.Sequential:
    first = scaled(CHANNELS[0], width)
    return nn.Sequential(
        _stem_conv(3, first, time=3),
        nn.BatchNorm3d(first),
        nn.ReLU(inplace=True),
    )


def _hara_stem(width: float) -> nn.Sequential:
    first = scaled(CHANNELS[0], width)
    return nn.Sequential(
        _stem_conv(3, first, time=7),
        nn.BatchNorm3d(first),
        nn.ReLU(inplace=True),
        nn.MaxPool3d(kernel_size=3, stride=2, padding=1),
    )


def _r2plus1d_stem(width: float) -> nn.Sequential:
    between, first = scaled(FACTORS, width), scaled(CHANNELS[0], width)
    return nn.Sequential(
        _stem_conv(3, between, time=1),
        nn.BatchNorm3d(between),
        nn.ReLU(inplace=True),
        nn.Conv3d(
            between,
            first,
            kernel_size=(3, 1, 1),
            padding=(1, 0, 0),
            bias=False,
        ),
        nn.BatchNorm3d(first),
        nn.ReLU(inplace=True),
    )


def _stem_conv(
    seen: int,
    channels: int,
    time: int,
) -> nn.Conv3d:
    return nn.Conv3d(
        seen,
        channels,
        kernel_size=(time, 7, 7),
        stride=(1, 2, 2),
        padding=(time // 2, 3, 3),
        bias=False,
    )


STEMS: dict[Kind, Callable[[float], nn.Sequential]] = {
    "r3d": _r3d_stem,
    "r2plus1d": _r2plus1d_stem,
    "hara": _hara_stem,
}
