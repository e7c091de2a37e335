"""Inputs that are altered on the way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from harness.core.dataset_spec import Sample
from harness.models.inputs import AlteredInputs, views_of
from helpers.points import Points

CPU = torch.device("cpu")


class Marked(AlteredInputs):
    """Adds 100 times a clip's number, which its id tells."""

    def alter(self, clips: Tensor, samples: Sequence[Sample]) -> Tensor:
        return torch.stack([clip + 100 * int(sample.id) for clip, sample in zip(clips, samples, strict=True)])


class Numbered:
    """Four clips of one number each, tested in two views."""

    samples = tuple(Sample(str(number), Path(), 0) for number in range(4))
    views = 2

    def batches(self, rows: Any, epoch: int, device: torch.device) -> Iterator[tuple[Tensor, Tensor]]:
        for batch in rows:
            yield torch.tensor(batch)[:, None].float() + epoch / 2, torch.tensor(batch)


def test_each_clip_is_altered_by_itself_and_labels_and_views_stay() -> None:
    marked = Marked(Numbered())
    ((first, labels), (second, _)) = marked.batches([[3, 1], [0]], 1, CPU)
    assert first.tolist() == [[303.5], [101.5]]
    assert labels.tolist() == [3, 1]
    assert second.tolist() == [[0.5]]
    assert views_of(marked) == 2
    assert views_of(Marked(Points(4))) == 1


def test_a_subclass_has_to_say_how() -> None:
    with pytest.raises(NotImplementedError):
        next(iter(AlteredInputs(Numbered()).batches([[0]], 0, CPU)))
