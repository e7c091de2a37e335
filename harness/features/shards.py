"""Shards of the feature cache: fixed batches of clips, so that their bits do not depend on who encodes them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from harness.core.dataset_spec import Sample
from harness.data.dataset import Dataset
from harness.features.view import View

SHARD = 64  # clips; part of nothing's identity, but of the bits


@dataclass(frozen=True)
class ShardFill:
    """One shard of the feature cache that some job needs and that is not there."""

    dataset: str
    fingerprint: str
    view: View
    shard: int
    clips: int


@dataclass(frozen=True)
class Shards:
    """All clips of a dataset in batches, none of which mixes clips that are tested in different folds.

    So a fold is a set of whole shards, and asking for one fold never encodes a clip of another.
    """

    batches: Sequence[Sequence[Sample]]

    @cached_property
    def rows(self) -> dict[str, tuple[int, int]]:
        """Clip id -> (shard, row)."""
        places = {}
        for shard, batch in enumerate(self.batches):
            for row, sample in enumerate(batch):
                places[sample.id] = (shard, row)
        return places

    def holding(self, samples: Iterable[Sample]) -> list[int]:
        """Return the shards that hold these clips, ascending."""
        return sorted({self.rows[sample.id][0] for sample in samples})


@lru_cache(maxsize=8)
def shards_of(dataset: Dataset) -> Shards:
    """Return the shards of a dataset; computed once for each that is open."""
    tested: dict[str, tuple[str, ...]] = dict.fromkeys(dataset.samples, ())
    for name, fold in dataset.folds.items():
        for sample in fold.test:
            tested[sample.id] = (*tested[sample.id], name)

    groups: dict[tuple[str, ...], list[Sample]] = defaultdict(list)
    for sample_id in sorted(dataset.samples):
        groups[tested[sample_id]].append(dataset.samples[sample_id])
    return Shards([batch for folds in sorted(groups) for batch in _batched(groups[folds])])


def _batched(samples: Sequence[Sample]) -> Iterator[Sequence[Sample]]:
    return (tuple(samples[start : start + SHARD]) for start in range(0, len(samples), SHARD))
