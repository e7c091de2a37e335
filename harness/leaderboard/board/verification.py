"""Scores that their own predictions contradict: what was stored is compared with what the predictions give."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from harness.leaderboard.board.collect import SCORES, Jobs
from harness.leaderboard.board.evidence import Evidence, JobPredictions
from harness.leaderboard.board.pooled import from_confusion
from harness.statistics.scoring import confusion_counts

TOLERANCE = 1e-6
SHOWN = 1e-4  # the last digit of a table: less may be the rounding of whoever stored the score
CONFUSION = "confusion"


@dataclass(frozen=True)
class Difference:
    """A score of one job as stored, and as its predictions give it; of a confusion matrix only that it differs."""

    part: JobPredictions
    name: str
    stored: float = np.nan
    found: float = np.nan

    @property
    def decides(self) -> bool:
        """Whether ranks hang on it: a confusion matrix, or a WAR or UAR that is missing or off by what tables show."""
        return self.name == CONFUSION or (self.name in SCORES and not abs(self.stored - self.found) < SHOWN)

    @property
    def said(self) -> str:
        """The difference in words, after the name of the score."""
        return f"is stored as {self.stored:.4f}, its predictions give {self.found:.4f}"

    @property
    def values(self) -> dict[str, Any]:
        """The numbers behind the words, for programs."""
        return {
            "metric": self.name,
            "stored": self.stored,
            "found": self.found,
        }


def verified(jobs: Jobs, evidence: Evidence) -> dict[str, list[Difference]]:
    """Return, by row, every score that the predictions of its job do not give, where those could be read."""
    places = {path: place for place, path in enumerate(jobs.frame["path"])}
    confusions = jobs.frame["confusion"].tolist()
    by_classes: dict[tuple[str, ...], list[JobPredictions]] = {}
    for row, parts in evidence.parts.items():
        by_classes.setdefault(tuple(jobs.facts[row]["protocol"]["classes"]), []).extend(parts)
    found: dict[str, list[Difference]] = {row: [] for row in evidence.parts}
    for classes, parts in by_classes.items():
        stored = [places[part.folder] for part in parts]
        for difference in _of(
            parts,
            [confusions[i] for i in stored],
            jobs.metrics.iloc[stored],
            classes,
        ):
            found[difference.part.row].append(difference)
    return found


def _of(
    parts: Sequence[JobPredictions], confusions: Sequence[Any], metrics: pd.DataFrame, classes: Sequence[str]
) -> Iterator[Difference]:
    """Yield the differences. Args: of each part the confusion matrix and the metrics as stored."""
    counts = np.array([confusion_counts(part.labels, part.predicted, len(classes)) for part in parts])
    counts = counts.reshape(
        -1,
        len(classes),
        len(classes),
    )
    for part, matrix, confusion in zip(
        parts,
        counts.tolist(),
        confusions,
        strict=True,
    ):
        if confusion is not None and matrix != confusion:
            yield Difference(part, CONFUSION)
    given = from_confusion(counts, classes)
    stored, right = metrics.reindex(columns=given.columns).to_numpy(), given.to_numpy()
    lost = np.isnan(stored) & given.columns.isin(SCORES)
    wrong = (np.abs(stored - right) > TOLERANCE) | (lost & ~np.isnan(right))
    for i, j in np.argwhere(wrong).tolist():
        yield Difference(
            parts[i],
            str(given.columns[j]),
            float(stored[i, j]),
            float(right[i, j]),
        )
