"""What limits the results of a row by its data: told when they were made, and by their confusion matrices."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from harness.data.doubts import NEVER_TESTED, of_folds, untested_text
from harness.leaderboard.board.collect import Jobs

Untested = Mapping[tuple[str, str], tuple[str, ...]]  # (row, fold) -> classes without a test clip


def untested(jobs: Jobs) -> dict[tuple[str, str], tuple[str, ...]]:
    """Return the classes that no scored clip of a fold has, with any of its seeds, where there are some."""
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    columns = (jobs.frame[name].tolist() for name in ("row", "fold", "confusion"))
    for row, fold, matrix in zip(*columns, strict=True):
        if not isinstance(matrix, list) or all(map(any, matrix)):
            continue
        classes = jobs.facts[row]["protocol"]["classes"]
        lacking = tuple(name for name, line in zip(classes, matrix, strict=True) if not any(line))
        known = found.setdefault((row, fold), lacking)
        found[row, fold] = tuple(name for name in known if name in lacking)
    return found


def not_defined(folds: pd.DataFrame, lacking: Untested) -> pd.DataFrame:
    """Return which values of classes, by (row, fold) and metric, cannot be there: no test clip has the class."""
    mask = np.zeros(folds.shape, dtype=bool)
    ends = [str(name).partition(".")[2] for name in folds.columns]
    for place, cell in enumerate(folds.index):
        names = lacking.get(cell, ())
        if names:
            mask[place] = [end in names for end in ends]
    return pd.DataFrame(mask, folds.index, folds.columns)


def doubts(
    jobs: Jobs,
    lacking: Untested,
    row: str,
) -> Iterator[tuple[str, str]]:
    """Yield code and sentence of what limits a row, with the folds that it is about."""
    classes = len(jobs.facts[row]["protocol"]["classes"])
    found: dict[tuple[str, str], dict[str, None]] = {}
    folds = {job["fold"] for job in jobs.by_row[row] if job["status"] == "done"}
    for job in jobs.by_row[row]:
        told = [doubt for doubt in job["doubts"] if doubt[0] != NEVER_TESTED]
        if names := lacking.get((row, job["fold"])):
            told.append((NEVER_TESTED, untested_text(names, classes)))
        for doubt in told:
            found.setdefault(doubt, {})[job["fold"]] = None
    for (code, message), told_of in found.items():
        yield code, f"{of_folds([*told_of], len(folds))}{message}"
