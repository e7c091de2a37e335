"""Where training stands: what is done, which epoch is the best, and what a resumed job has to know."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from harness.models.method import Method

HistoryRow = dict[str, Any]


@dataclass
class TrainingResult:
    """History of a training, and the epoch that is kept."""

    history: list[HistoryRow] = field(default_factory=list)
    epoch: int = 0  # the one kept, counted from 1 over all stages; 0 = not trained


@dataclass
class BestEpoch:
    """The weights of the best epoch so far, by the first figure the monitor gives."""

    score: tuple[float, ...] = ()
    epoch: int = 0
    state: dict[str, Tensor] = field(default_factory=dict)

    def offer(
        self,
        figures: Mapping[str, float],
        epoch: int,
        method: Method,
    ) -> None:
        """Keep this epoch if it is better; the earlier one wins a tie."""
        score = tuple(figures.values())
        if score > self.score:
            self.score, self.epoch = score, epoch
            self.state = {name: tensor.detach().clone() for name, tensor in _moving(method)}

    def restore(self, method: Method) -> None:
        """Put the kept weights back."""
        with torch.no_grad():
            for name, tensor in _moving(method):
                tensor.copy_(self.state[name])


@dataclass
class TrainingState:
    """A point between two steps. Epochs and stages are counted from 0, and those counted are over."""

    stage: int = 0
    epoch: int = 0  # of the stage
    losses: list[Tensor] = field(default_factory=list)  # one a step of the epoch under way
    seconds: float = 0.0  # that the epoch under way took before this process
    result: TrainingResult = field(default_factory=TrainingResult)
    best: BestEpoch = field(default_factory=BestEpoch)

    def end_epoch(self, row: HistoryRow) -> None:
        """Note the row of a finished epoch."""
        self.result.history.append(row)
        self.result.epoch += 1
        self.epoch, self.losses, self.seconds = self.epoch + 1, [], 0.0

    def end_stage(self) -> None:
        """Go on to the next stage. Epochs of different stages are different models, so it finds its best anew."""
        self.stage, self.epoch = self.stage + 1, 0


def _moving(method: Method) -> Iterator[tuple[str, Tensor]]:
    """Yield what training changes: parameters of the stage, and buffers such as running means."""
    yield from ((name, p) for name, p in method.named_parameters() if p.requires_grad)
    yield from method.named_buffers()
