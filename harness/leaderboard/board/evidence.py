"""What every job predicted for every test clip, aligned: the input of all tests and intervals."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
import pandas as pd

from harness.core.errors import HarnessError
from harness.core.metric import MetricSpec, Predictions
from harness.results.predictions import FILE, BadPredictions, Ids, PredictionTable, read_facts, read_together
from harness.statistics.calibration import reliability
from harness.statistics.scoring import contradicted, score

ABSENT = -1  # a clip that a job did not predict
FILES = 256  # read at once; of the largest test folds they take about 250 MB
AHEAD = 2  # batches read while one is scored
T = TypeVar("T")
U = TypeVar("U")


@dataclass
class JobPredictions:
    """One fold of one seed of a row. `ids` are shared by all jobs that saw the same clips."""

    row: str
    fold: str
    seed: int
    folder: str
    ids: np.ndarray  # (N,) names
    labels: np.ndarray  # (N,) int8
    predicted: np.ndarray  # (N,) int8


@dataclass
class Evidence:
    """The parts of all jobs that could be read, and what was found on the way."""

    parts: dict[str, list[JobPredictions]] = field(default_factory=dict)  # by row, in order of seed and fold
    problems: dict[str, list[str]] = field(default_factory=dict)  # by row: files that could not be used
    contradicted: dict[str, list[str]] = field(default_factory=dict)  # by row: predictions that logits do not make
    pooled: dict[str, list[dict[str, float]]] = field(default_factory=dict)  # by row: metrics of each seed's folds
    reliability: dict[str, np.ndarray] = field(default_factory=dict)  # by row, see `statistics.calibration`

    def pooled_frame(self) -> pd.DataFrame:
        """Return pooled metrics by row, averaged over seeds."""
        records = [{"row": row, **values} for row, seeds in self.pooled.items() for values in seeds]
        columns = sorted({"row", *itertools.chain.from_iterable(records)})
        return pd.DataFrame(records, columns=columns).groupby("row").mean()


def gather(
    frame: pd.DataFrame,
    classes: Mapping[str, Sequence[str]],
    metrics: Mapping[str, MetricSpec],
) -> Evidence:
    """Read the predictions of all finished jobs; logits are let go once they are scored.

    Args: lines with row, fold, seed and path; the classes of each row; metrics to compute on all folds of a seed.
    """
    evidence, known = Evidence(), Ids()
    folders: dict[tuple[str, int], dict[str, str]] = {}
    for row, fold, seed, path in frame[["row", "fold", "seed", "path"]].itertuples(index=False):
        folders.setdefault((row, int(seed)), {})[fold] = path
    by_classes: dict[tuple[str, ...], list[_Seed]] = {}
    for (row, seed), of_seed in sorted(folders.items()):
        by_classes.setdefault(tuple(classes[row]), []).append(_Seed(row, seed, of_seed))
    batches = [(names, batch) for names, seeds in by_classes.items() for batch in _batches(seeds)]

    def read(batch: tuple[tuple[str, ...], list[_Seed]]) -> list[PredictionTable | BadPredictions]:
        names, seeds = batch
        return read_together(
            [folder for seed in seeds for folder in seed.folders.values()],
            names,
            known,
        )

    for (names, seeds), files in zip(
        batches,
        _ahead(read, batches),
        strict=True,
    ):
        found = iter(files)
        for seed in seeds:
            seed.collect(found, names, metrics)
            seed.add_to(evidence)
    return evidence


def _ahead(work: Callable[[T], U], items: Sequence[T]) -> Iterator[U]:
    """Map in order, a little further than was asked for, since Polars reads beside Python."""
    with ThreadPoolExecutor(AHEAD) as threads:
        waiting: deque[Future[U]] = deque()
        for item in items:
            waiting.append(threads.submit(work, item))
            if len(waiting) > AHEAD:
                yield waiting.popleft().result()
        for last in waiting:
            yield last.result()


@dataclass
class _Seed:
    row: str
    seed: int
    folders: dict[str, str]  # by fold
    parts: list[JobPredictions] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    contradicted: list[str] = field(default_factory=list)
    pooled: dict[str, float] = field(default_factory=dict)
    reliability: np.ndarray = field(default_factory=lambda: np.zeros(()))

    def collect(
        self,
        found: Iterator[PredictionTable | BadPredictions],
        classes: tuple[str, ...],
        metrics: Mapping[str, MetricSpec],
    ) -> None:
        """Take as many of what was found as there are folders, and score them if all could be read."""
        read: list[PredictionTable] = []
        for (fold, folder), clips in zip(
            self.folders.items(),
            found,
            strict=False,
        ):
            if isinstance(clips, BadPredictions):
                self.problems.append(str(clips))
                continue
            read.append(clips)
            self.parts.append(
                JobPredictions(self.row, fold, self.seed, folder, clips.ids, clips.labels, clips.predicted)
            )
        if read and not self.problems:
            self._score(read, classes, metrics)

    def _score(
        self,
        read: list[PredictionTable],
        classes: tuple[str, ...],
        metrics: Mapping[str, MetricSpec],
    ) -> None:
        labels = np.concatenate([clips.labels for clips in read]).astype(int)
        logits = np.concatenate([clips.logits for clips in read])
        ids = np.concatenate([clips.ids for clips in read]).tolist()
        predictions = Predictions(labels, logits, classes, ids=ids)
        try:
            self.pooled = score(predictions, metrics).values
        except HarnessError as error:
            self.problems.append(f"{self.parts[0].folder}/{FILE}: {error}")
            return
        self.reliability = reliability(predictions)
        wrong = contradicted(logits, np.concatenate([clips.predicted for clips in read]))
        if wrong:
            self.contradicted.append(f"seed {self.seed}: {wrong} predictions are not the class of the largest logit")

    def add_to(self, evidence: Evidence) -> None:
        """Add what was found to the rest."""
        evidence.parts.setdefault(self.row, []).extend(self.parts)
        if self.contradicted:
            evidence.contradicted.setdefault(self.row, []).extend(self.contradicted)
        if self.problems:
            evidence.problems.setdefault(self.row, []).extend(self.problems)
            return
        evidence.pooled.setdefault(self.row, []).append(self.pooled)
        evidence.reliability[self.row] = evidence.reliability.get(self.row, 0) + self.reliability


def _batches(seeds: Iterable[_Seed]) -> Iterator[list[_Seed]]:
    """Yield seeds with about `FILES` files together."""
    batch: list[_Seed] = []
    for seed in seeds:
        batch.append(seed)
        if sum(len(one.folders) for one in batch) >= FILES:
            yield batch
            batch = []
    if batch:
        yield batch


def facts_of_clips(part: JobPredictions) -> tuple[np.ndarray, np.ndarray]:
    """Group and number of frames of each clip of a part; empty and 0 where they were not stored. (N,), (N,)."""
    try:
        return read_facts(part.folder)
    except BadPredictions:
        return np.full(
            len(part.ids),
            "",
            dtype=object,
        ), np.zeros(len(part.ids), dtype=int)
