"""The clips of one part of a fold, as training and prediction ask for them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Protocol

from harness.core.dataset_spec import Sample

if TYPE_CHECKING:
    import torch
    from torch import Tensor

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


class AlteredInputs:
    """Inputs whose clips are altered on the way. A subclass says how: `alter`."""

    def __init__(self, inputs: Inputs) -> None:
        self.inputs = inputs
        self.samples = inputs.samples
        self.views = views_of(inputs)

    def alter(self, clips: Tensor, samples: Sequence[Sample]) -> Tensor:
        """Return the inputs (B, T, ...) of these clips as they are to be seen."""
        raise NotImplementedError

    def batches(
        self,
        rows: Batches,
        epoch: int,
        device: torch.device,
    ) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield altered inputs (B, T, ...) and labels (B,)."""
        given = self.inputs.batches(rows, epoch, device)
        for batch, (clips, labels) in zip(rows, given, strict=True):
            yield self.alter(clips, [self.samples[row] for row in batch]), labels
