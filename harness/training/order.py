"""In which order training clips are seen, and in which batches."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from harness.core.dataset_spec import Sample
from harness.core.errors import BadData
from harness.core.recipe import Stage
from harness.system.seeds import seed_of


def batches_of(
    stage: Stage,
    samples: Sequence[Sample],
    seed: int,
    epoch: int,
) -> Sequence[Sequence[int]]:
    """Return the row numbers of each batch of an epoch, counted from 0 in its stage.

    Raises:
        BadData: the stage drops its only batch.
    """
    rows = order(len(samples), seed, stage.name, epoch)
    if stage.sampling == "balanced":
        rows = _balanced(
            [sample.label for sample in samples],
            seed,
            stage.name,
            epoch,
        )
    batches = split(rows, stage.batch_size)
    if stage.drop_last and len(batches[-1]) < stage.batch_size:
        batches = batches[:-1]
    if not batches:
        raise BadData(
            f"stage {stage.name!r} has drop_last, and its {len(samples)} training clips fill no batch of "
            f"{stage.batch_size}; make batch_size smaller"
        )
    return batches


def order(
    count: int,
    seed: int,
    stage: str,
    epoch: int,
) -> np.ndarray:
    """Return the order of the training clips in one epoch."""
    return np.random.default_rng(seed_of("order", seed, stage, epoch)).permutation(count)


def _balanced(
    labels: Sequence[int],
    seed: int,
    stage: str,
    epoch: int,
) -> np.ndarray:
    """Draw as many clips as there are, with replacement, each class that there is as often as any other."""
    _, classes, counts = np.unique(
        labels,
        return_inverse=True,
        return_counts=True,
    )
    chances = 1 / (len(counts) * counts[classes])
    drawn = np.random.default_rng(seed_of("balanced", seed, stage, epoch))
    return drawn.choice(len(labels), len(labels), p=chances)


def split(rows: np.ndarray, size: int) -> Sequence[Sequence[int]]:
    """Cut row numbers into batches; the last one may be short."""
    return [rows[start : start + size].tolist() for start in range(0, len(rows), size)]
