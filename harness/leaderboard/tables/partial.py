"""Rows that lack folds or seeds, by what is there of them: no mean is taken where others stand for all folds."""

from __future__ import annotations

from harness.core.text import markdown
from harness.leaderboard.board.board import Board
from harness.leaderboard.board.collect import SCORES
from harness.leaderboard.board.notes import full_name
from harness.leaderboard.board.sections import Section
from harness.leaderboard.tables.cells import DASH, number
from harness.leaderboard.tables.markdown import table

HEADING = "Folds of incomplete rows"
ABOUT = "WAR / UAR of each fold that is there. A row without all of its folds and seeds has no mean."

Place = tuple[str, int, str]  # row, seed and fold


def fold_table(board: Board, section: Section) -> list[str]:
    """Return what a section's incomplete rows have of WAR and UAR, a line a seed and a column a fold; nothing if none
    has any.
    """
    titles, lines = fold_lines(board, section)
    shown = [list(map(markdown, line)) for line in lines]
    return [ABOUT, table(list(map(markdown, titles)), shown)] if lines else []


def fold_lines(board: Board, section: Section) -> tuple[list[str], list[list[str]]]:
    """Return titles and lines of what incomplete rows have, as unescaped text; no line if none has any."""
    lines = []
    known = _scores(board) if any(not row["complete"] for row in section.rows) else {}
    folds = list(board.expected[section.dataset, section.demo])
    for row in section.rows:
        for seed in map(int, str(row["seeds"]).split()):
            cells = [known.get((row["row"], seed, fold), DASH) for fold in folds]
            if not row["complete"] and set(cells) != {DASH}:
                lines.append([full_name(row), str(seed), *cells])
    return ["Method", "Seed", *(f"Fold {fold}" for fold in folds)], lines


def _scores(board: Board) -> dict[Place, str]:
    """Return WAR and UAR of every job that is done, in percent."""
    jobs = board.jobs.frame[board.jobs.done][["row", "seed", "fold"]].join(board.jobs.metrics[list(SCORES)])
    found = {}
    for row, seed, fold, *scores in jobs.itertuples(index=False, name=None):
        found[str(row), int(seed), str(fold)] = " / ".join(number(score, 100) for score in scores)
    return found
