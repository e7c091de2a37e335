"""The image network that the DFEW authors' code calls resnet18: two bottleneck blocks a stage."""

from __future__ import annotations

from torch import Tensor, nn
from torchvision.models.resnet import Bottleneck, conv1x1

from harness.models import scaled

WIDTHS = (64, 128, 256, 512)
EXPANSION = 4
BLOCKS = 2


class BottleneckTrunk(nn.Module):
    """Frames (N, 3, H, W) to maps (N, D, H', W'), D = 2048. The pool has no margin; it rounds up instead."""

    def __init__(self, width: float = 1.0) -> None:
        super().__init__()
        widths = [scaled(channels, width) for channels in WIDTHS]
        self.channels = EXPANSION * widths[-1]
        self.conv1 = nn.Conv2d(
            3,
            widths[0],
            kernel_size=7,
            stride=2,
            padding=3,
            bias=False,
        )
        self.bn1 = nn.BatchNorm2d(widths[0])
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(kernel_size=3, stride=2, ceil_mode=True)
        seen = widths[0]
        for number, inner in enumerate(widths):
            first = bottleneck(seen, inner, stride=2 if number else 1)
            seen = EXPANSION * inner
            rest = [bottleneck(seen, inner) for _ in range(BLOCKS - 1)]
            self.add_module(f"layer{number + 1}", nn.Sequential(first, *rest))

    def forward(self, frames: Tensor) -> Tensor:
        """Return the last maps."""
        maps: Tensor = self.maxpool(self.relu(self.bn1(self.conv1(frames))))
        for number in range(len(WIDTHS)):
            maps = self.get_submodule(f"layer{number + 1}")(maps)
        return maps


def bottleneck(
    seen: int,
    inner: int,
    stride: int = 1,
) -> Bottleneck:
    """Return torchvision's bottleneck with its stride in the first convolution, as before 2016, not in the second."""
    outer = EXPANSION * inner
    shortcut = None
    if stride != 1 or seen != outer:
        shortcut = nn.Sequential(conv1x1(seen, outer, stride), nn.BatchNorm2d(outer))
    block = Bottleneck(
        seen,
        inner,
        stride,
        shortcut,
    )
    block.conv1.stride = (stride, stride)
    block.conv2.stride = (1, 1)
    return block


def start_as_dfew_repo(network: nn.Module) -> None:
    """Draw the weights of 2-D convolutions and linear layers as that code does last: by Kaiming's rule for inputs."""
    for part in network.modules():
        if isinstance(part, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(part.weight)
