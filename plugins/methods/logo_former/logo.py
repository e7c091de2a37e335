"""LOGO-Former (Ma, Sun, Li): attention within windows of space and time, then to features of all windows."""

from __future__ import annotations

import numpy as np
from torch import Tensor, nn
from torchvision.ops import StochasticDepth

from harness import BadOption, Task
from harness.models import Outputs, scaled
from harness_plugins.methods.logo_former import LogoOptions
from harness_plugins.methods.logo_former.attention import Attention, feed_forward
from harness_plugins.methods.logo_former.compact import CompactMethod
from harness_plugins.methods.logo_former.tokens import WIDTH, ClipMaps, grid_size, learned

FIRST_DROP, LAST_DROP = 0.01, 0.11
POOLED_FRAMES = 2


class LogoFormer(CompactMethod):
    """Places of all frames, local and global by turns, to the class of the clip."""

    def __init__(self, task: Task, options: LogoOptions) -> None:
        super().__init__(options)
        frames, side = task.input.frames, grid_size(task.input.size)
        for span in (options.window_frames, POOLED_FRAMES):
            if frames % span:
                raise BadOption(f"logo-former.input.frames={frames} is no multiple of {span}, the frames of a window")
        width = scaled(WIDTH, options.width)
        self.maps = ClipMaps(options.width)
        self.places = learned(1, side, side, width)
        self.times = learned(frames, 1, 1, width)
        drops = np.linspace(FIRST_DROP, LAST_DROP, options.depth)
        self.layers = nn.ModuleList(LocalGlobal(width, side, options, float(drop)) for drop in drops)
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, len(task.classes))

    def forward(self, inputs: Tensor) -> Outputs:
        """Map frames (B, T, 3, H, W) to logits (B, C)."""
        maps = self.maps(inputs) + self.places + self.times  # (B, T, h, w, D)
        for layer in self.layers:
            maps = layer(maps)
        features = self.norm(maps).mean((1, 2, 3))  # (B, D)
        return Outputs(self.head(features), {"features": features})


class LocalGlobal(nn.Module):
    """One layer on maps (B, T, h, w, D): local attention, global attention, feed-forward."""

    def __init__(
        self,
        width: int,
        side: int,
        options: LogoOptions,
        drop: float,
    ) -> None:
        super().__init__()
        self.window_frames = options.window_frames
        self.local_norm = nn.LayerNorm(width)
        self.local = Attention(width, options.dropout)
        self.global_norm = nn.LayerNorm(width)
        self.pooled = PooledWindows(width, side if options.pooling == "window" else 1)
        self.all = Attention(width, options.dropout)
        self.feed_forward = feed_forward(width, options.dropout)
        self.drop = StochasticDepth(drop, mode="row")

    def forward(self, maps: Tensor) -> Tensor:
        """Return maps of the same shape."""
        maps = maps + self.drop(self._within(self.local_norm(maps)))
        maps = maps + self.drop(self._across(self.global_norm(maps)))
        out: Tensor = maps + self.drop(self.feed_forward(maps))
        return out

    def _within(self, maps: Tensor) -> Tensor:
        """Return what places see of their window: all places of some frames in a row."""
        windows = maps.reshape(-1, self.window_frames, *maps.shape[2:])  # (B T/t, t, h, w, D)
        seen: Tensor = self.local(windows.flatten(1, 3))
        return seen.reshape_as(maps)

    def _across(self, maps: Tensor) -> Tensor:
        """Return what places see of the clip, where windows are one token each."""
        seen: Tensor = self.all(maps.flatten(1, 3), self.pooled(maps))  # (B, T h w, D)
        return seen.reshape_as(maps)


class PooledWindows(nn.Module):
    """Maps (B, T, h, w, D) to a token for each window (B, S, D), by a convolution of each channel of its own."""

    def __init__(self, width: int, side: int) -> None:
        super().__init__()
        window = (POOLED_FRAMES, side, side)
        self.conv = nn.Conv3d(
            width,
            width,
            window,
            window,
            groups=width,
        )
        self.norm = nn.LayerNorm(width)

    def forward(self, maps: Tensor) -> Tensor:
        """Return the tokens."""
        windows = self.conv(maps.movedim(-1, 1))  # (B, D, T/2, h', w')
        tokens: Tensor = self.norm(windows.flatten(2).transpose(1, 2))
        return tokens
