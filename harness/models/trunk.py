"""Image networks that see one frame at a time: torchvision's ResNet without its head, cut after a stage."""

from __future__ import annotations

from typing import Literal

from torch import Tensor, nn
from torchvision.models.resnet import BasicBlock, Bottleneck, conv1x1

from harness.models.network import scaled

BLOCKS = {18: (2, 2, 2, 2), 34: (3, 4, 6, 3), 50: (3, 4, 6, 3)}  # of each stage
CHANNELS = (64, 128, 256, 512)  # of basic blocks, and inside of bottlenecks
BOTTLENECKS = 50  # layers of the network that is made of them

Depth = Literal[18, 34, 50]


def resnet_trunk(
    depth: Depth = 18,
    stages: int = 4,
    width: float = 1.0,
) -> ResNetTrunk:
    """Return torchvision's `resnet18`, `34` or `50` up to a stage: frames (N, 3, H, W) -> maps (N, D, H', W').

    Args:
        depth: layers of the whole network.
        stages: how many of the four are kept.
        width: share of the channels; 1 is the published network.
    """
    return ResNetTrunk(depth, stages, width)


class ResNetTrunk(nn.Module):
    """torchvision's ResNet without pool and head: its modules, its names in the state dict, its initial weights.

    A part that stands between two stages, as Former-DFER's, is written as a subclass with a `forward` of its own.
    """

    layer1: nn.Sequential
    layer2: nn.Sequential
    layer3: nn.Sequential
    layer4: nn.Sequential

    def __init__(
        self,
        depth: Depth = 18,
        stages: int = 4,
        width: float = 1.0,
    ) -> None:
        super().__init__()
        channels = [scaled(count, width) for count in CHANNELS]
        self.stages = stages
        block = bottleneck if depth == BOTTLENECKS else basic_block
        wider = Bottleneck.expansion if depth == BOTTLENECKS else 1
        self.channels = channels[stages - 1] * wider  # D
        self.conv1 = nn.Conv2d(
            3,
            channels[0],
            kernel_size=7,
            stride=2,
            padding=3,
            bias=False,
        )
        self.bn1 = nn.BatchNorm2d(channels[0])
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(kernel_size=3, stride=2, padding=1)

        seen = channels[0]
        for number in range(stages):
            inner, stride = channels[number], 2 if number else 1
            first = block(seen, inner, stride)
            seen = inner * wider
            rest = [block(seen, inner, 1) for _ in range(BLOCKS[depth][number] - 1)]
            self.add_module(f"layer{number + 1}", nn.Sequential(first, *rest))
        start_as_resnet(self)

    def stem(self, frames: Tensor) -> Tensor:
        """Map frames (N, 3, H, W) to maps of a quarter of their size."""
        maps: Tensor = self.maxpool(self.relu(self.bn1(self.conv1(frames))))
        return maps

    def levels(self, frames: Tensor) -> list[Tensor]:
        """Return the maps of frames (N, 3, H, W) after each stage."""
        maps = self.stem(frames)
        found = []
        for number in range(self.stages):
            maps = self.get_submodule(f"layer{number + 1}")(maps)
            found.append(maps)
        return found

    def forward(self, frames: Tensor) -> Tensor:
        """Map frames (N, 3, H, W) to the last maps (N, D, H', W')."""
        return self.levels(frames)[-1]


def basic_block(
    seen: int,
    channels: int,
    stride: int = 1,
) -> BasicBlock:
    """Return torchvision's basic block, with a projection as its shortcut where the shape changes."""
    return BasicBlock(seen, channels, stride, _shortcut(seen, channels, stride))


def bottleneck(
    seen: int,
    inner: int,
    stride: int = 1,
) -> Bottleneck:
    """Return torchvision's bottleneck to four times the inner channels, with a projection where the shape changes."""
    shortcut = _shortcut(seen, inner * Bottleneck.expansion, stride)
    return Bottleneck(seen, inner, stride, shortcut)


def start_as_resnet(network: nn.Module) -> None:
    """Give the convolutions and batch norms of a network the initial weights of torchvision's ResNet."""
    for part in network.modules():
        if isinstance(part, nn.Conv2d):
            nn.init.kaiming_normal_(part.weight, mode="fan_out", nonlinearity="relu")
        elif isinstance(part, nn.BatchNorm2d):
            nn.init.ones_(part.weight)
            nn.init.zeros_(part.bias)


def map_side(size: int, halvings: int) -> int:
    """Return the side of a map after so many layers of stride 2 on frames of `size` pixels; the trunk's stage k is
    behind k + 1 of them.
    """
    for _ in range(halvings):
        size = -(-size // 2)
    return size


def _shortcut(
    seen: int,
    channels: int,
    stride: int,
) -> nn.Sequential | None:
    if stride == 1 and seen == channels:
        return None
    return nn.Sequential(conv1x1(seen, channels, stride), nn.BatchNorm2d(channels))
