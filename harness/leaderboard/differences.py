"""Scores that their own predictions do not bear out: what was stored is compared with what the predictions give."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from harness.leaderboard.collect import SCORES, Jobs
from harness.leaderboard.evidence import Evidence, Part
from harness.leaderboard.pooled import from_confusion
from harness.scoring import confusion_counts

TOLERANCE = 1e-6
CONFUSION = "confusion"
Stored = Mapping[str, tuple[Any, Mapping[str, float]]]  # by folder: the confusion matrix and the metrics of a result


@dataclass(frozen=True)
class Difference:
    """A score of one job as stored, and as its predictions give it; of a confusion matrix only that it differs."""

    part: Part
    name: str
    stored: float = np.nan
    found: float = np.nan

    @property
    def decides(self) -> bool:
        """Whether ranks hang on it."""
        return self.name in (CONFUSION, *SCORES)


def differences(jobs: Jobs, evidence: Evidence) -> dict[str, list[Difference]]:
    """By row, every difference in the jobs whose predictions could be read."""
    metrics: list[dict[Any, Any]] = jobs.metrics.to_dict("records")
    stored = dict(zip(jobs.frame["path"], zip(jobs.frame["confusion"], metrics, strict=True), strict=True))
    return {row: list(_of_row(row, parts, jobs, stored)) for row, parts in evidence.parts.items()}


def _of_row(row: str, parts: Sequence[Part], jobs: Jobs, stored: Stored) -> Iterator[Difference]:
    classes = jobs.facts[row]["protocol"]["classes"]
    counts = np.array([confusion_counts(part.labels, part.predicted, len(classes)) for part in parts])
    counts = counts.reshape(-1, len(classes), len(classes))
    given = from_confusion(counts, classes).to_dict("records")
    for part, matrix, values in zip(parts, counts.tolist(), given, strict=True):
        confusion, said = stored[str(part.path)]
        if matrix != confusion:
            yield Difference(part, CONFUSION)
        for name, value in values.items():
            if abs(said.get(str(name), np.nan) - value) > TOLERANCE:
                yield Difference(part, str(name), said[str(name)], value)
