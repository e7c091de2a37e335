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
        """Yield, for each batch of row numbers, inputs (B, T, ...) and labels (B,), on the device.

        Test inputs may have several `views` (a number of theirs, 1 if they say nothing): `epoch` is that of the view.
        """


def views_of(inputs: Inputs) -> int:
    """Return in how many views clips are tested: one, unless the inputs say otherwise."""
    return int(getattr(inputs, "views", 1))
