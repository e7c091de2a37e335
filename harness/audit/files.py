"""Whether the files of a result agree with each other, and with those of other results."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from harness.audit.finding import Finding, about
from harness.leaderboard.aggregate import Board
from harness.leaderboard.collect import SCORES
from harness.leaderboard.evidence import Part
from harness.leaderboard.published import rows_of
from harness.leaderboard.sections import Row

HISTORY = "history.parquet"
TOLERANCE = 1e-6


def findings(board: Board) -> Iterator[Finding]:
    """Missing or broken predictions, scores they do not bear out, other clips or labels, test scores in a history."""
    stored = dict(zip(board.jobs.frame["path"], board.jobs.frame.index, strict=True))
    amiss = {row: texts for test in board.tests.values() for row, texts in test.panel.amiss.items()}
    for row in rows_of(board):
        for text in board.evidence.problems.get(row["row"], []):
            yield about(row, "error", "bad-predictions", text)
        for text in amiss.get(row["row"], []):
            yield about(row, "error" if "another label" in text else "warning", "other-clips", text)
        parts = board.evidence.parts.get(row["row"], [])
        for part in parts:
            yield from _scores(board, row, part, stored[str(part.path)])
        if row["selection"] != "oracle":
            yield from _seen(row, parts)
        yield from _same_seeds(row, parts)


def _scores(board: Board, row: Row, part: Part, job: int) -> Iterator[Finding]:
    """A confusion matrix or WAR that the predictions do not give."""
    classes = board.jobs.facts[row["row"]]["protocol"]["classes"]
    counts = np.zeros((len(classes), len(classes)), dtype=int)
    np.add.at(counts, (part.labels, part.predicted), 1)
    where = f"fold {part.fold} seed {part.seed}"
    if counts.tolist() != board.jobs.frame.at[job, "confusion"]:
        yield about(row, "error", "scores-differ", f"{where}: its confusion matrix is not that of its predictions")
    stored: Mapping[Any, Any] = board.jobs.metrics.loc[job, list(SCORES)].to_dict()
    support = counts.sum(1)
    recall = counts.diagonal()[support > 0] / support[support > 0]
    for name, value in (("war", counts.diagonal().sum() / counts.sum()), ("uar", recall.mean())):
        if abs(stored[name] - value) > TOLERANCE:
            text = f"{where}: {name.upper()} is stored as {stored[name]:.4f}, its predictions give {value:.4f}"
            yield about(row, "error", "scores-differ", text, metric=name, stored=stored[name], found=float(value))


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
