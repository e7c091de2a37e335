"""Whether the files of a result agree with each other."""

from __future__ import annotations

from collections.abc import Iterator

from harness.leaderboard.audit.finding import Finding, about
from harness.leaderboard.board.board import Board
from harness.leaderboard.board.evidence import JobPredictions
from harness.leaderboard.board.sections import BoardRow


def findings(board: Board) -> Iterator[Finding]:
    """Yield scores that predictions contradict and no rank hangs on, and seeds that are one."""
    for row in board.as_rows:
        yield from _scores(board, row)
        yield from _same_seeds(row, board.evidence.parts.get(row["row"], []))


def _scores(board: Board, row: BoardRow) -> Iterator[Finding]:
    for wrong in board.differences.get(row["row"], ()):
        if not wrong.decides:
            text = f"fold {wrong.part.fold} seed {wrong.part.seed}: {wrong.name} {wrong.said}"
            yield about(row, "warning", "scores-differ", text, **wrong.values)


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
