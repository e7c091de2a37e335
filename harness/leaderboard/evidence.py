"""What every job predicted for every test clip, aligned: the ground that tests and intervals stand on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from harness.errors import HarnessError
from harness.leaderboard.clips import FILE, BadPredictions, Clips, read_clips, read_columns
from harness.scoring import score
from harness.specs import MetricSpec, Predictions
from harness.statistics.calibration import reliability

ABSENT = -1  # a clip that a job did not predict
ROUNDING = 1e-5
Pool = Callable[[Predictions], Mapping[str, float]]


@dataclass
class Part:
    """One fold of one seed of a row. `ids` are shared by all jobs that saw the same clips."""

    row: str
    fold: str
    seed: int
    path: Path
    ids: pa.StringArray
    labels: np.ndarray  # (N,) int8
    predicted: np.ndarray  # (N,) int8


@dataclass
class Evidence:
    """The parts of all jobs that could be read, and what was found on the way."""

    parts: dict[str, list[Part]] = field(default_factory=dict)  # by row, in order of seed and fold
    problems: dict[str, list[str]] = field(default_factory=dict)  # by row: files that could not be used
    contradicted: dict[str, list[str]] = field(default_factory=dict)  # by row: predictions that logits do not make
    pooled: dict[str, list[dict[str, float]]] = field(default_factory=dict)  # by row: metrics of each seed's folds
    reliability: dict[str, np.ndarray] = field(default_factory=dict)  # by row, see `statistics.calibration`

    def pooled_frame(self) -> pd.DataFrame:
        """Pooled metrics by row, averaged over seeds."""
        records = [{"row": row, **values} for row, seeds in self.pooled.items() for values in seeds]
        return pd.DataFrame(records, columns=sorted({"row", *(k for r in records for k in r)})).groupby("row").mean()


def gather(frame: pd.DataFrame, classes: Mapping[str, Sequence[str]], metrics: Mapping[str, MetricSpec]) -> Evidence:
    """Read the predictions of all finished jobs; logits are let go once they are scored.

    In this thread alone: what several would do at once is Python's own, and they would only wait for each other.

    Args: lines with row, fold, seed and path; the classes of each row; metrics to compute on all folds of a seed.
    """
    evidence = Evidence()
    known: dict[bytes, pa.StringArray] = {}
    seeds: dict[tuple[str, int], list[tuple[str, Path]]] = {}
    for row, fold, seed, path in frame[["row", "fold", "seed", "path"]].itertuples(index=False):
        seeds.setdefault((row, int(seed)), []).append((fold, Path(path)))
    for (row, seed), folders in sorted(seeds.items()):
        found = _read_seed(_Seed(row, seed), folders, tuple(classes[row]), metrics, known)
        evidence.parts.setdefault(found.row, []).extend(found.parts)
        if found.contradicted:
            evidence.contradicted.setdefault(found.row, []).extend(found.contradicted)
        if found.problems:
            evidence.problems.setdefault(found.row, []).extend(found.problems)
            continue
        evidence.pooled.setdefault(found.row, []).append(found.pooled)
        evidence.reliability[found.row] = evidence.reliability.get(found.row, 0) + found.reliability
    return evidence


@dataclass
class _Seed:
    row: str
    seed: int
    parts: list[Part] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    contradicted: list[str] = field(default_factory=list)
    pooled: dict[str, float] = field(default_factory=dict)
    reliability: np.ndarray = field(default_factory=lambda: np.zeros(()))


def _read_seed(
    found: _Seed,
    folders: Iterable[tuple[str, Path]],
    classes: tuple[str, ...],
    metrics: Mapping[str, MetricSpec],
    known: dict[bytes, pa.StringArray],
) -> _Seed:
    read: list[Clips] = []
    for fold, folder in folders:
        try:
            clips = read_clips(folder, classes, known)
        except BadPredictions as error:
            found.problems.append(str(error))
            continue
        read.append(clips)
        found.parts.append(Part(found.row, fold, found.seed, folder, clips.ids, clips.labels, clips.predicted))
    if read and not found.problems:
        _score(found, read, classes, metrics)
    return found


def _score(found: _Seed, read: list[Clips], classes: tuple[str, ...], metrics: Mapping[str, MetricSpec]) -> None:
    labels = np.concatenate([clips.labels for clips in read]).astype(int)
    logits = np.concatenate([clips.logits for clips in read])
    try:
        found.pooled = score(Predictions(labels, logits, classes), metrics)
    except HarnessError as error:
        found.problems.append(f"{found.parts[0].path / FILE}: {error}")
        return
    found.reliability = reliability(labels, logits)
    wrong = _contradicted(logits, np.concatenate([clips.predicted for clips in read]))
    if wrong:
        found.contradicted.append(f"seed {found.seed}: {wrong} predictions are not the class of the largest logit")


def _contradicted(logits: np.ndarray, predicted: np.ndarray) -> int:
    """Clips whose prediction is not the class of the largest logit, by more than rounding."""
    largest = logits.max(axis=1)
    chosen = logits[np.arange(len(logits)), predicted]
    return int((chosen < largest - ROUNDING * np.abs(largest)).sum())


def facts_of_clips(part: Part) -> tuple[np.ndarray, np.ndarray]:
    """Group and number of frames of each clip of a part; empty and 0 where they were not stored. (N,), (N,)."""
    blank = np.full(len(part.ids), "", dtype=object), np.zeros(len(part.ids), dtype=int)
    try:
        table = read_columns(part.path / FILE, ["sample_id", "group", "frames"]).sort_by("sample_id")
    except BadPredictions:
        return blank
    groups = table.column("group").fill_null("").to_numpy()
    return np.asarray(groups, dtype=object), np.asarray(table.column("frames").fill_null(0).to_numpy(), dtype=int)
