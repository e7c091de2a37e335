"""A basic block whose channels are weighed by all of their map, in this frame and over the clip."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from harness.models import basic_block

SQUEEZE = 16
SMALLEST = 1e-5  # under the root


class ChannelBlock(nn.Module):
    """Global convolution-attention block (GCA): maps (B T, D, h, w) to maps of half the size and logits (B, C).

    A kernel as large as the map makes one number of each channel. Two layers make a weight of it, 0 to 2; the gate is
    the geometric mean of the weight in the frame and of its mean over the clip.
    """

    def __init__(
        self,
        seen: int,
        channels: int,
        side: int,
        classes: int,
        attention: bool = True,
    ) -> None:
        super().__init__()
        block = basic_block(seen, channels, 2)
        self.conv1, self.bn1 = block.conv1, block.bn1
        self.conv2, self.bn2 = block.conv2, block.bn2
        self.relu = nn.ReLU(inplace=True)
        self.downsample = block.downsample
        self.attention = attention
        if not attention:
            return
        inner = max(channels // SQUEEZE, 1)
        self.whole_map = nn.Conv2d(
            channels,
            channels,
            kernel_size=side,
            groups=channels,
            bias=False,
        )
        self.squeeze = nn.Conv2d(channels, inner, kernel_size=1, bias=False)
        self.excite = nn.Conv2d(inner, channels, kernel_size=1, bias=False)
        self.auxiliary = nn.Sequential(
            nn.Linear(channels, 2 * channels, bias=False),
            nn.Linear(2 * channels, classes, bias=False),
        )

    def forward(self, maps: Tensor, frames: int) -> tuple[Tensor, Tensor]:
        """Return maps and the logits of the block; `frames` is T."""
        out = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(maps)))))
        shortcut = self.downsample(maps)
        if not self.attention:
            return self.relu(out + shortcut), out.new_zeros(0)
        seen = self.whole_map(out)  # (B T, D, 1, 1)
        logits = self.auxiliary(by_clip(seen, frames).mean(1))  # (B, C)
        weight = 2 * self.excite(self.squeeze(seen).relu()).sigmoid()  # (B T, D, 1, 1)
        gate = self.gate(by_clip(weight, frames)).view_as(weight)
        return self.relu(out * gate + shortcut), logits

    def gate(self, weights: Tensor) -> Tensor:
        """Return the root of weights (B, T, D) times their mean over the clip."""
        return torch.sqrt(weights * weights.mean(1, keepdim=True) + SMALLEST)


def by_clip(numbers: Tensor, frames: int) -> Tensor:
    """Return one number a channel (B T, D, 1, 1) as (B, T, D)."""
    return numbers.view(-1, frames, numbers.shape[1])
