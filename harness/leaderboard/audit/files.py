"""Whether the files of a result agree with each other, and with those of other results."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq

from harness.leaderboard.audit.finding import Finding, Level, about
from harness.leaderboard.board.board import Board
from harness.leaderboard.board.evidence import JobPredictions
from harness.leaderboard.board.sections import BoardRow
from harness.leaderboard.board.verification import CONFUSION

HISTORY = "history.parquet"


def findings(board: Board) -> Iterator[Finding]:
    """Yield missing or broken predictions, scores they contradict, other clips or labels,
    test scores in a history.
    """
    for row in board.as_rows:
        for text in board.evidence.problems.get(row["row"], []):
            yield about(row, "error", "bad-predictions", text)
        for text in board.other_clips.get(row["row"], []):
            yield about(row, "error", "other-clips", text)
        for text in board.evidence.contradicted.get(row["row"], []):
            yield about(row, "error", "logits-differ", text)
        parts = board.evidence.parts.get(row["row"], [])
        yield from _scores(board, row)
        if row["selection"] != "oracle":
            yield from _seen(row, parts)
        yield from _same_seeds(row, parts)


def _scores(board: Board, row: BoardRow) -> Iterator[Finding]:
    """Yield a confusion matrix or a metric that the predictions do not give.
    WAR and UAR decide ranks: those are errors.
    """
    for wrong in board.differences.get(row["row"], ()):
        where = f"fold {wrong.part.fold} seed {wrong.part.seed}"
        if wrong.name == CONFUSION:
            yield about(row, "error", "scores-differ", f"{where}: its confusion matrix is not that of its predictions")
            continue
        level: Level = "error" if wrong.decides else "warning"
        shown = wrong.name.upper() if wrong.decides else wrong.name
        text = f"{where}: {shown} is stored as {wrong.stored:.4f}, its predictions give {wrong.found:.4f}"
        yield about(
            row,
            level,
            "scores-differ",
            text,
            metric=wrong.name,
            stored=wrong.stored,
            found=wrong.found,
        )


def _seen(row: BoardRow, parts: list[JobPredictions]) -> Iterator[Finding]:
    """Test scores by epoch, in a row that claims not to have looked at them."""
    seen = [part for part in parts if any(name.startswith("test_") for name in _columns(Path(part.folder) / HISTORY))]
    if seen:
        folds = ", ".join(dict.fromkeys(f"fold {part.fold} seed {part.seed}" for part in seen))
        text = f"selection {row['selection']}, but its history holds test scores of each epoch: {folds}"
        yield about(row, "error", "test-data-seen", text)


def _columns(path: Path) -> list[str]:
    try:
        return list(pq.read_schema(path).names)
    except (OSError, ValueError):
        return []  # a history may be missing


def _same_seeds(row: BoardRow, parts: list[JobPredictions]) -> Iterator[Finding]:
    by_fold: dict[str, list[JobPredictions]] = {}
    for part in parts:
        by_fold.setdefault(part.fold, []).append(part)
    alike = []
    for found in by_fold.values():
        different = {part.predicted.tobytes() for part in found}
        alike.append(len(found) > 1 and len(different) == 1)
    if alike and all(alike):
        text = "all seeds gave the same predictions: the seeds are not independent repetitions"
        yield about(row, "note", "equal-seeds", text)
