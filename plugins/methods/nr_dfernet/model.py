"""NR-DFERNet (Li et al., 2022): a class token made of the clip, and a filter over snippets."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor, nn

from harness import Schedule, Stage, Task
from harness.models import (
    DynamicStatic,
    NetworkMethod,
    Outputs,
    TwinStem,
    basic_block,
    scaled,
    start_as_resnet,
    steps_transformer,
)
from harness_plugins.methods.nr_dfernet import Options
from harness_plugins.methods.nr_dfernet.snippets import NEUTRAL, SNIPPET, snippets, without_neutral

CHANNELS = (64, 128, 256)
HIDDEN = 512  # of the transformer over steps


class NrDferNet(NetworkMethod):
    """Frames through four blocks, their maps fused with their changes, and a transformer read at the class token."""

    def __init__(self, task: Task, options: Options) -> None:
        super().__init__(options)
        self.own = options
        self.neutral = task.classes.index(NEUTRAL) if NEUTRAL in task.classes else None
        channels = [scaled(count, options.width) for count in CHANNELS]
        self.stem = TwinStem(channels[0])
        self.blocks = nn.ModuleDict(
            {
                "1": basic_block(channels[0], channels[0]),
                "2": basic_block(channels[0], channels[1], 2),
                "3": basic_block(channels[1], channels[2], 2),
            }
        )
        self.fusion = DynamicStatic(channels[2], task.input.size)
        width = self.fusion.channels
        length = max(task.input.frames, SNIPPET + 1)
        self.positions = nn.Parameter(torch.randn(1, length, width))  # of the token, then of the steps
        self.transformer = steps_transformer(width, scaled(HIDDEN, options.width))
        self.head = nn.Linear(width, len(task.classes))
        start_as_resnet(self)

    def forward(self, inputs: Tensor) -> Outputs:
        """Map frames (B, T, 3, H, W) to logits (B, C); in testing those of neutral are taken back by the filter."""
        maps = self.stem(inputs.flatten(0, 1))
        for block in self.blocks.values():
            maps = block(maps)  # (B T, D, h, w)
        steps = self.fusion(maps.unflatten(0, inputs.shape[:2]))  # (B, T - 1, D')
        clips = self.read(steps)
        logits = self.head(clips)
        if self.own.snippet_filter and not self.training and self.neutral is not None:
            logits = self.filtered(logits, steps, self.neutral)
        return Outputs(logits, {"features": clips})

    def read(self, steps: Tensor) -> Tensor:
        """Return the class token (N, D') of sequences of steps (N, L, D'), which starts as their mean."""
        token = steps.mean(1, keepdim=True)
        tokens = torch.cat([token, steps], 1)  # (N, L + 1, D')
        seen: Tensor = self.transformer(tokens + self.positions[:, : tokens.shape[1]])
        return seen[:, 0]

    def filtered(
        self,
        logits: Tensor,
        steps: Tensor,
        neutral: int,
    ) -> Tensor:
        """Take neutral back from the logits (B, C) of clips of which a snippet speaks against it."""
        short = snippets(steps)  # (B, S, 3, D')
        probabilities = self.head(self.read(short.flatten(0, 1))).softmax(-1)
        return without_neutral(
            logits,
            probabilities.unflatten(0, short.shape[:2]),
            neutral,
            self.own.least_neutral,
            self.own.most_certain,
        )

    def stages(self) -> list[Stage]:
        """Return the recipe: the rate halves every few epochs."""
        (stage,) = super().stages()
        falls = range(self.own.step_epochs, self.own.epochs, self.own.step_epochs) if self.own.step_epochs else ()
        if not falls:
            return [stage]
        schedule = Schedule(
            "milestones",
            milestones=tuple(falls),
            gamma=self.own.step_factor,
        )
        return [replace(stage, schedule=schedule)]
