"""What the scores of a row say about the row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from harness.core.registered import Registered
from harness.leaderboard.audit.finding import Finding, about
from harness.leaderboard.board.board import Board
from harness.leaderboard.board.collect import SCORES
from harness.leaderboard.board.doubts import doubts
from harness.leaderboard.board.notes import failures, lacking
from harness.leaderboard.board.sections import BoardRow
from harness.models.spec import MethodSpec

POINTS = 100
NOTHING = 1e-9  # a spread that is rounding


def findings(board: Board) -> Iterator[Finding]:
    """Yield zero recalls, spreads, oracle gaps, and what is missing of each row."""
    sums = board.confusions
    spreads = _spreads(board)
    for row in board.as_rows:
        if row["row"] in sums:
            yield from _zero_recall(
                board,
                row,
                np.array(sums[row["row"]]),
            )
        for code, text in doubts(board.jobs, board.untested, row["row"]):
            yield about(row, "warning", code, text)
        if row["row"] in spreads:
            yield from _spread(row, spreads[row["row"]])
        yield from _oracle(row)
        for job, why in failures(board, [row]):
            yield about(row, "warning", "failed", f"{job}: {why}")
        if missing := "; ".join(lacking(board, row)):
            yield about(row, "warning", "not-ranked", missing)


def _zero_recall(
    board: Board,
    row: BoardRow,
    counts: np.ndarray,
) -> Iterator[Finding]:
    classes = board.jobs.facts[row["row"]]["protocol"]["classes"]
    never = [
        name for name, clips, hits in zip(classes, counts.sum(1), counts.diagonal(), strict=True) if clips and not hits
    ]
    if never:
        text = f"zero recall of {', '.join(never)}: no test clip of the class is ever named rightly"
        yield about(row, "warning", "zero-recall", text, classes=never)


def _spreads(board: Board) -> dict[str, dict[str, tuple[float, float]]]:
    """Return for each row and score the standard deviations over seeds within a fold, and over folds.

    Only rows with several folds and several seeds have them.
    """
    done = board.jobs.frame.loc[board.jobs.done, ["row", "fold", "seed"]]
    several = done.groupby("row")[["fold", "seed"]].nunique().gt(1).all(axis=1)
    jobs = done[done["row"].map(several).astype(bool)].join(board.jobs.metrics[list(SCORES)])
    by_fold = jobs.groupby(["row", "fold"])[list(SCORES)]
    seeds = by_fold.var(ddof=1).groupby("row").mean() ** 0.5
    folds = by_fold.mean().groupby("row").std(ddof=1)
    pairs = {name: list(zip(seeds[name].tolist(), folds[name].tolist(), strict=True)) for name in SCORES}
    return {str(row): {name: pairs[name][at] for name in SCORES} for at, row in enumerate(seeds.index)}


def _spread(row: BoardRow, spreads: Mapping[str, tuple[float, float]]) -> Iterator[Finding]:
    """Yield seeds that spread more than folds: the mean is one of chances, and more seeds are needed."""
    for name in SCORES:
        seeds, folds = spreads[name]
        if seeds > folds + NOTHING:
            text = (
                f"seeds spread more than folds in {name.upper()}: standard deviation {seeds * POINTS:.2f} points over "
                f"seeds within a fold, {folds * POINTS:.2f} over folds"
            )
            yield about(
                row,
                "warning",
                "seeds-spread",
                text,
                metric=name,
                seeds=seeds,
                folds=folds,
            )


def _oracle(row: BoardRow) -> Iterator[Finding]:
    if row["selection"] != "oracle":
        return
    known = {name: float(row[f"{name}_gap"]) for name in SCORES if not pd.isna(row.get(f"{name}_gap"))}
    shown = ", ".join(f"{name.upper()} {gap * POINTS:+.2f}" for name, gap in known.items())
    text = f"its epoch was chosen on the test clips; oracle gap to the last epoch in points: {shown or 'not stored'}"
    yield about(row, "warning", "test-data-seen", text, gap=known)


def outdated(board: Board, methods: Mapping[str, Registered[MethodSpec]]) -> Iterator[Finding]:
    """Yield rows made by another version, or other source, of their plugin than the registered one."""
    for row in board.as_rows:
        if row["method"] not in methods:
            text = f"method {row['method']!r} is not registered, so its version cannot be checked"
            yield about(row, "note", "unknown-method", text)
            continue
        offer = methods[row["method"]]
        if str(row["version"]) != offer.spec.version:
            text = f"made by version {row['version']} of the plugin, which is now {offer.spec.version}; run it again"
            yield about(
                row,
                "warning",
                "older-than-plugin",
                text,
                made_by=row["version"],
                now=offer.spec.version,
            )
        elif _sources(board, row) - {offer.source_sha256}:
            text = f"made by other source of the plugin than the registered one at version {row['version']}"
            yield about(
                row,
                "warning",
                "older-than-plugin",
                text,
                made_by=row["version"],
                now=offer.spec.version,
            )


def _sources(board: Board, row: BoardRow) -> set[str]:
    return {job["source"] for job in board.jobs.by_row[row["row"]] if job["status"] == "done"}
