"""Former-DFER (Zhao and Liu, ACM MM 2021): a spatial transformer inside ResNet-18, and a temporal one behind it."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from harness import Task
from harness.models import (
    ClassTokenTransformer,
    NetworkMethod,
    Outputs,
    Recurrent,
    ResNetTrunk,
    eight_heads,
    map_side,
    scaled,
)
from harness_plugins.methods.former_dfer import Options

STAGE = 3  # of ResNet-18, behind which the spatial transformer stands
HIDDEN = 128  # of the GRU in the ablation


class FormerDfer(NetworkMethod):
    """Frames through the spatial transformer one by one, then all of a clip through the temporal one."""

    def __init__(self, task: Task, options: Options) -> None:
        super().__init__(options)
        self.s_former = SpatialFormer(task.input.size, options)
        width = self.s_former.channels
        self.t_former = temporal(
            task.input.frames,
            width,
            options,
        )
        features = width if options.time == "transformer" else scaled(HIDDEN, options.width)
        self.fc = nn.Linear(features, len(task.classes))

    def forward(self, inputs: Tensor) -> Outputs:
        """Map frames (B, T, 3, H, W) to logits (B, C)."""
        frames = self.s_former(inputs.flatten(0, 1))  # (B T, D)
        clips = self.t_former(frames.unflatten(0, inputs.shape[:2]))  # (B, D)
        return Outputs(self.fc(clips), {"features": clips})


class SpatialFormer(ResNetTrunk):
    """ResNet-18 whose third stage ends in a transformer over the places of its map: frames (N, 3, H, W) to (N, D)."""

    def __init__(self, size: int, options: Options) -> None:
        super().__init__(18, width=options.width)
        places = map_side(size, STAGE + 1) ** 2
        width = self.channels // 2
        start = torch.randn(1, places, width)
        self.pos_embedding = nn.Parameter(start) if options.spatial_positions else None
        self.spatial_transformer = eight_heads(width, options.depth_spatial)

    def forward(self, frames: Tensor) -> Tensor:
        """Return one feature a frame."""
        maps = self.stem(frames)
        maps = self.layer3(self.layer2(self.layer1(maps)))  # (N, D/2, h, w)
        last: Tensor = self.layer4(self.mixed(maps))  # (N, D, h/2, w/2)
        return last.mean((2, 3))  # (N, D)

    def mixed(self, maps: Tensor) -> Tensor:
        """Let the places of each map (N, D/2, h, w) look at each other."""
        tokens = maps.flatten(2).transpose(1, 2)  # (N, h w, D/2)
        if self.pos_embedding is not None:
            tokens = tokens + self.pos_embedding
        seen: Tensor = self.spatial_transformer(tokens)
        return seen.transpose(1, 2).reshape(maps.shape)


def temporal(
    frames: int,
    width: int,
    options: Options,
) -> nn.Module:
    """Return what makes one feature of those of all frames."""
    if options.time == "gru":
        return Recurrent(width, scaled(HIDDEN, options.width), "gru")
    return ClassTokenTransformer(
        frames,
        width,
        options.depth_temporal,
        options.temporal_positions,
        options.read_out,
    )
