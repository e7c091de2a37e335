"""STT (Ma, Sun, Li): in each layer attention over the places of a frame and over the frames of a place."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from harness import Task
from harness.models import Outputs, scaled
from harness_plugins.methods.logo_former import SttOptions
from harness_plugins.methods.logo_former.attention import Attention, feed_forward
from harness_plugins.methods.logo_former.compact import CompactMethod
from harness_plugins.methods.logo_former.tokens import WIDTH, ClipMaps, grid_size, learned


class Stt(CompactMethod):
    """Places of all frames and a token of the clip, through attention in space and in time, to its class."""

    def __init__(self, task: Task, options: SttOptions) -> None:
        super().__init__(options)
        width, side = scaled(WIDTH, options.width), grid_size(task.input.size)
        self.maps = ClipMaps(options.width)
        self.clip = learned(1, 1, 1, width)
        self.places = learned(1, 1, 1 + side**2, width)
        self.times = learned(1, task.input.frames, 1, width)
        self.layers = nn.ModuleList(SpaceTime(width, options) for _ in range(options.depth))
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, len(task.classes))

    def forward(self, inputs: Tensor) -> Outputs:
        """Map frames (B, T, 3, H, W) to logits (B, C)."""
        places = self.maps(inputs).flatten(2, 3)  # (B, T, N, D)
        copies = self.clip.expand(*places.shape[:2], -1, -1)  # (B, T, 1, D)
        tokens = torch.cat([copies, places], 2) + self.places + self.times
        for layer in self.layers:
            tokens = layer(tokens)
        features = self.norm(tokens[:, 0, 0])  # (B, D)
        return Outputs(self.head(features), {"features": features})


class SpaceTime(nn.Module):
    """One layer on tokens (B, T, 1 + N, D): in each frame a copy of the token of the clip, and the places.

    Copies go their own ways through attention, and are one again behind it: their mean.
    """

    def __init__(self, width: int, options: SttOptions) -> None:
        super().__init__()
        self.order = options.attention
        self.space_norm = nn.LayerNorm(width)
        self.space = Attention(width, options.dropout)
        self.time_norm = nn.LayerNorm(width)
        self.time = Attention(width, options.dropout)
        self.feed_forward = feed_forward(width, options.dropout)

    def forward(self, tokens: Tensor) -> Tensor:
        """Return tokens of the same shape, the copies all equal."""
        if self.order == "sum":
            tokens = tokens + self._in_space(tokens) + self._in_time(tokens)
        else:
            parts = [self._in_space, self._in_time]
            for part in parts if self.order == "space-time" else parts[::-1]:
                tokens = tokens + part(tokens)

        frames = tokens.shape[1]
        clip = tokens[:, :, 0].mean(1, keepdim=True)  # (B, 1, D)
        whole = torch.cat([clip, tokens[:, :, 1:].flatten(1, 2)], 1)  # (B, 1 + T N, D)
        whole = whole + self.feed_forward(whole)
        copies = whole[:, None, :1].expand(-1, frames, -1, -1)
        return torch.cat([copies, whole[:, 1:].unflatten(1, (frames, -1))], 2)

    def _in_space(self, tokens: Tensor) -> Tensor:
        """Return what the tokens of a frame see of one another."""
        seen: Tensor = self.space(self.space_norm(tokens).flatten(0, 1))
        return seen.view_as(tokens)

    def _in_time(self, tokens: Tensor) -> Tensor:
        """Return what each place, and each copy, sees of itself in all frames."""
        lines: Tensor = self.time_norm(tokens).transpose(1, 2)  # (B, 1 + N, T, D)
        seen: Tensor = self.time(lines.flatten(0, 1))
        return seen.view_as(lines).transpose(1, 2)
