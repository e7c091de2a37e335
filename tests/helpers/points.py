"""Inputs of a training loop that lie in memory, and a method for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from harness.core.dataset_spec import Sample
from harness.core.recipe import Schedule, Stage
from harness.models.method import Method

CPU = torch.device("cpu")


class Points:
    """Inputs in memory that note which rows were asked for."""

    def __init__(self, count: int = 12, seed: int = 0, nan_at: tuple[int, ...] = (), label: int | None = None) -> None:
        generator = torch.Generator().manual_seed(seed)
        self.x = torch.randn(count, 2, 5, generator=generator)  # (N, T, D)
        self.labels = torch.arange(count) % 3 if label is None else torch.full((count,), label)
        self.x[list(nan_at)] = torch.nan
        self.samples = [Sample(f"{i:03d}", Path(), int(label)) for i, label in enumerate(self.labels)]
        self.asked: list[tuple[int, list[list[int]]]] = []

    def batches(
        self, rows: Sequence[Sequence[int]], epoch: int, device: torch.device
    ) -> Iterator[tuple[Tensor, Tensor]]:
        self.asked.append((epoch, [list(batch) for batch in rows]))
        for batch in rows:
            yield self.x[list(batch)], self.labels[list(batch)]


CONSTANT = Schedule("constant")


class Net(Method):
    """Two linear maps; `stages` is what a test says."""

    def __init__(self, *stages: Stage) -> None:
        super().__init__()
        torch.manual_seed(1)
        self.body = nn.Linear(5, 4)
        self.head = nn.Linear(4, 3)
        self.given = list(stages)

    def forward(self, inputs: Tensor) -> Tensor:
        return self.head(torch.tanh(self.body(inputs.mean(1))))  # type: ignore[no-any-return]

    def stages(self) -> list[Stage]:
        return self.given


def stage(lr: Mapping[str, float] | None = None, **more: Any) -> Stage:
    settings: dict[str, Any] = {"name": "one", "epochs": 3, "batch_size": 4, "schedule": CONSTANT, **more}
    return Stage(lr=lr or {"body": 0.1, "head": 0.1}, **settings)
