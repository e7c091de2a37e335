"""C3D (Tran et al., ICCV 2015): eight 3x3x3 convolutions, five pools and three linear layers."""

from __future__ import annotations

from dataclasses import replace
from math import prod

from torch import Tensor, nn

from harness import BadOption, Stage, Task
from harness.models import NetworkMethod, Outputs, scaled
from harness_plugins.methods.c3d import Options

STAGES = (  # convolutions and their channels, then the pool
    ((("1", 64),), (1, 2, 2)),
    ((("2", 128),), (2, 2, 2)),
    ((("3a", 256), ("3b", 256)), (2, 2, 2)),
    ((("4a", 512), ("4b", 512)), (2, 2, 2)),
    ((("5a", 512), ("5b", 512)), (2, 2, 2)),
)
LAST_PAD = (0, 1, 1)  # of the last pool, so that 7 x 7 places give 4 x 4
HIDDEN = 4096


class C3d(NetworkMethod):
    """Convolutions with biases, each followed by batch norm where the options say so, and ReLU."""

    def __init__(self, task: Task, options: Options) -> None:
        super().__init__(options)
        seen = 3
        for convolutions, _ in STAGES:
            for name, channels in convolutions:
                count = scaled(channels, options.width)
                self.add_module(f"conv{name}", nn.Conv3d(seen, count, 3, padding=1))
                if options.norm == "bn":
                    self.add_module(f"bn{name}", nn.BatchNorm3d(count))
                seen = count
        self.relu = nn.ReLU()
        self.dropout = nn.Dropout(options.dropout)

        hidden = scaled(HIDDEN, options.width)
        flat = seen * prod(map_sizes(task.input.frames, task.input.size))
        self.fc6 = nn.Linear(flat, hidden)
        self.fc7 = nn.Linear(hidden, hidden)
        self.fc8 = nn.Linear(hidden, len(task.classes))
        self.clip_norm = options.clip_norm
        if options.start == "dfew-repository":  # which leaves 3-D convolutions as they are
            for layer in (self.fc6, self.fc7, self.fc8):
                nn.init.kaiming_normal_(layer.weight)

    def stages(self) -> list[Stage]:
        """Return one stage, in which everything moves."""
        return [replace(stage, clip_norm=self.clip_norm) for stage in super().stages()]

    def forward(self, inputs: Tensor) -> Outputs:
        """Map frames (B, T, 3, H, W) to logits (B, C)."""
        maps = self.maps(inputs.transpose(1, 2)).flatten(1)  # (B, D T' H' W'), channels first
        hidden = self.dropout(self.relu(self.fc6(maps)))
        features = self.dropout(self.relu(self.fc7(hidden)))  # (B, D)
        return Outputs(self.fc8(features), {"features": features})

    def maps(self, clips: Tensor) -> Tensor:
        """Map clips (B, 3, T, H, W) to what the last pool gives."""
        maps = clips
        for number, (convolutions, size) in enumerate(STAGES, start=1):
            for name, _ in convolutions:
                maps = self.relu(self.convolved(name, maps))
            padding = LAST_PAD if number == len(STAGES) else 0
            maps = nn.functional.max_pool3d(maps, size, padding=padding)
        return maps

    def convolved(self, name: str, maps: Tensor) -> Tensor:
        """Return a convolution of maps, and its batch norm if there is one."""
        maps = self.get_submodule(f"conv{name}")(maps)
        norm = self._modules.get(f"bn{name}")
        return maps if norm is None else norm(maps)


def map_sizes(frames: int, size: int) -> tuple[int, int, int]:
    """Return time, height and width of what the last pool gives. Raises: BadOption for a clip that is too small."""
    time, side = frames // 16, (size // 16 + 2) // 2
    if not time or size < 16:
        raise BadOption(f"c3d halves time four times and size five times: {frames} frames of {size} pixels are too few")
    return time, side, side
