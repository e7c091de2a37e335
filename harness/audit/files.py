"""Whether the files of a result agree with each other, and with those of other results."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from harness.audit.finding import Finding, Level, about
from harness.leaderboard.aggregate import Board
from harness.leaderboard.collect import SCORES
from harness.leaderboard.evidence import Part
from harness.leaderboard.pooled import from_confusion
from harness.leaderboard.published import rows_of
from harness.leaderboard.sections import Row

HISTORY = "history.parquet"
TOLERANCE = 1e-6
Stored = Mapping[str, tuple[Any, Mapping[str, float]]]  # by folder: the confusion matrix and the metrics of a result


def findings(board: Board) -> Iterator[Finding]:
    """Missing or broken predictions, scores they do not bear out, other clips or labels, test scores in a history."""
    jobs = board.jobs
    metrics: list[dict[Any, Any]] = jobs.metrics.to_dict("records")
    stored = dict(zip(jobs.frame["path"], zip(jobs.frame["confusion"], metrics, strict=True), strict=True))
    amiss = {row: texts for test in board.tests.values() for row, texts in test.panel.amiss.items()}
    for row in rows_of(board):
        for text in board.evidence.problems.get(row["row"], []):
            yield about(row, "error", "bad-predictions", text)
        for text in amiss.get(row["row"], []):
            yield about(row, "error" if "another label" in text else "warning", "other-clips", text)
        for text in board.evidence.contradicted.get(row["row"], []):
            yield about(row, "error", "logits-differ", text)
        parts = board.evidence.parts.get(row["row"], [])
        if parts:
            yield from _scores(row, parts, jobs.facts[row["row"]]["protocol"]["classes"], stored)
        if row["selection"] != "oracle":
            yield from _seen(row, parts)
        yield from _same_seeds(row, parts)


def _scores(row: Row, parts: list[Part], classes: list[str], stored: Stored) -> Iterator[Finding]:
    """A confusion matrix or a metric that the predictions do not give. WAR and UAR decide ranks: those are errors."""
    counts = np.zeros((len(parts), len(classes), len(classes)), dtype=int)
    for number, part in enumerate(parts):
        np.add.at(counts[number], (part.labels, part.predicted), 1)
    given = from_confusion(counts, classes).to_dict("records")
    for part, matrix, values in zip(parts, counts.tolist(), given, strict=True):
        where = f"fold {part.fold} seed {part.seed}"
        confusion, metrics = stored[str(part.path)]
        if matrix != confusion:
            yield about(row, "error", "scores-differ", f"{where}: its confusion matrix is not that of its predictions")
        for name, value in values.items():
            said = metrics.get(str(name), np.nan)
            if abs(said - value) > TOLERANCE:
                level: Level = "error" if name in SCORES else "warning"
                shown = str(name).upper() if name in SCORES else name
                text = f"{where}: {shown} is stored as {said:.4f}, its predictions give {value:.4f}"
                yield about(row, level, "scores-differ", text, metric=name, stored=said, found=value)


def _seen(row: Row, parts: list[Part]) -> Iterator[Finding]:
    """Test scores by epoch, in a row that claims not to have looked at them."""
    seen = [part for part in parts if any(name.startswith("test_") for name in _columns(part.path / HISTORY))]
    if seen:
        folds = ", ".join(dict.fromkeys(f"fold {part.fold} seed {part.seed}" for part in seen))
        text = f"selection {row['selection']}, but its history holds test scores of each epoch: {folds}"
        yield about(row, "error", "test-data-seen", text)


def _columns(path: Path) -> list[str]:
    try:
        return list(pq.read_schema(path).names)
    except (OSError, ValueError):
        return []  # a history may be missing


def _same_seeds(row: Row, parts: list[Part]) -> Iterator[Finding]:
    by_fold: dict[str, list[Part]] = {}
    for part in parts:
        by_fold.setdefault(part.fold, []).append(part)
    alike = [len(found) > 1 and len({part.predicted.tobytes() for part in found}) == 1 for found in by_fold.values()]
    if alike and all(alike):
        yield about(row, "note", "equal-seeds", "all seeds gave the same predictions: its seeds are no repetitions")
