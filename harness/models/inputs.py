"""The clips of one part of a fold, as training and prediction ask for them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

import torch
from torch import Tensor

from harness.core.dataset_spec import Sample

Batches = Sequence[Sequence[int]]


class Inputs(Protocol):
    """The clips of one part of a fold."""

    samples: Sequence[Sample]

    def batches(
        self,
        rows: Batches,
        epoch: int,
        device: torch.device,
    ) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield, for each batch of row numbers, inputs (B, T, ...) and labels (B,), on the device."""
