"""Which shards of the feature cache a plan has to fill, and which jobs wait for them."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.core.dataset_spec import Fold
from harness.core.job import JobSpec
from harness.data.dataset import Dataset
from harness.features.shards import ShardFill, shards_of
from harness.features.view import View, features_folder, shard_file
from harness.plugin import registry
from harness.system.sealed import looks_sealed

log = logging.getLogger("harness.cache")


def missing_shards(
    jobs: Iterable[JobSpec], datasets: Mapping[str, Dataset], cache: Path
) -> dict[str, tuple[ShardFill, ...]]:
    """Return job id -> the shards that it needs and that are missing. Jobs that need the same share one tuple."""
    known: dict[tuple[object, ...], tuple[ShardFill, ...]] = {}
    missing: dict[str, tuple[ShardFill, ...]] = {}
    there = _Stored({}, [])
    for job in jobs:
        spec = registry.method(job.method).spec
        key = (job.dataset, job.fold, spec.features, spec.prepares, job.backbone, job.input, job.protocol.selection)
        if key not in known:
            known[key] = tuple(_missing(job, datasets[job.dataset], features_folder(cache), there))
        missing[job.id] = known[key]
    if there.damaged:
        count, first = len(there.damaged), there.damaged[0]
        log.warning(
            "%d entries of the feature cache are damaged or of an earlier version, and their clips are encoded "
            "again, such as %s",
            count,
            first,
        )
    return missing


@dataclass(frozen=True)
class _Stored:
    """Shards whose files end as they should, by their folder; and the files that do not."""

    names: dict[Path, set[str]]
    damaged: list[Path]

    def holds(self, path: Path) -> bool:
        """Return whether a shard is there; each folder is looked at once."""
        folder = path.parent
        if folder not in self.names:
            files = sorted(folder.glob("*.npy"))
            odd = [file for file in files if not _is_whole(file)]
            self.names[folder] = {file.name for file in files}.difference(file.name for file in odd)
            self.damaged.extend(odd)
        return path.name in self.names[folder]


def _is_whole(file: Path) -> bool:
    try:
        return looks_sealed(file)
    except FileNotFoundError:  # removed just now, or a link that leads nowhere
        return False


def _missing(
    job: JobSpec,
    dataset: Dataset,
    cache: Path,
    there: _Stored,
) -> Iterator[ShardFill]:
    for view, shard in _needs(job, dataset):
        if not there.holds(shard_file(cache, view, shard)):
            yield ShardFill(
                job.dataset,
                job.fingerprint,
                view,
                shard,
                len(shards_of(dataset).batches[shard]),
            )


def _needs(job: JobSpec, dataset: Dataset) -> Iterator[tuple[View, int]]:
    """Yield shards of the feature cache that a job reads, as far as its method's spec tells."""
    features = registry.method(job.method).spec.features
    if features == "none" or not job.input.views:
        return
    fold: Fold = dataset.folds[job.fold]
    key = (job.fingerprint, job.backbone, job.input)
    whole = job.protocol.selection == "val" or registry.method(job.method).spec.prepares
    tested = [*fold.test, *(fold.train if whole else ())]
    shards = shards_of(dataset)
    yield from itertools.product(View.tests(*key), shards.holding(tested))
    if features == "train+test" and job.is_trained:
        trained = shards.holding(fold.train)
        yield from itertools.product(View.training(*key), trained)
