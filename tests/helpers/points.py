"""Inputs of a training loop that lie in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
from torch import Tensor

from harness.core.dataset_spec import Sample

CPU = torch.device("cpu")


class Points:
    """Inputs in memory that note which rows were asked for."""

    def __init__(self, count: int = 12, seed: int = 0, nan_at: tuple[int, ...] = ()) -> None:
        generator = torch.Generator().manual_seed(seed)
        self.x = torch.randn(count, 2, 5, generator=generator)  # (N, T, D)
        self.labels = torch.arange(count) % 3
        self.x[list(nan_at)] = torch.nan
        self.samples = [Sample(f"{i:03d}", Path(), int(label)) for i, label in enumerate(self.labels)]
        self.asked: list[tuple[int, list[list[int]]]] = []

    def batches(
        self, rows: Sequence[Sequence[int]], epoch: int, device: torch.device
    ) -> Iterator[tuple[Tensor, Tensor]]:
        self.asked.append((epoch, [list(batch) for batch in rows]))
        for batch in rows:
            yield self.x[list(batch)], self.labels[list(batch)]
