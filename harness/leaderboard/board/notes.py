"""What a reader must know about a row before comparing it."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator

import pandas as pd

from harness.core.text import first_few
from harness.leaderboard.board.board import Board
from harness.leaderboard.board.doubts import doubts
from harness.leaderboard.board.sections import BoardRow

FAITHFUL = "faithful"  # a recipe
NAMED = 8  # missing jobs named in a note; the rest are counted


def row_notes(board: Board, row: BoardRow) -> list[str]:
    """Return the notes on a row as plain text, most serious first; empty for a complete row on the official split."""
    notes = [*why_not_ranked(board, row)]
    if not row["official"] and not row["demo"]:
        notes.append("not on the official split")
    if row["selection"] == "oracle":
        notes.append("best test epoch (oracle)")
    if row["recipe"] == FAITHFUL:
        notes.append("by its authors' own recipe, with what they did to clips: other rows may have been fed otherwise")
    if row["n_sources"] > 1:
        notes.append("its jobs ran different source of the plugin at one version")
    notes.extend(text for _, text in doubts(board.jobs, board.untested, row["row"]))
    notes.extend(_metric_versions(board, row))
    return notes


def why_not_ranked(board: Board, row: BoardRow) -> Iterator[str]:
    """Yield the notes that say why a row has no rank; none for a row that has one."""
    yield from lacking(board, row)
    if row["row"] in board.excluded:
        yield f"{board.excluded[row['row']]}, not ranked; see harness audit"


def lacking(board: Board, row: BoardRow) -> Iterator[str]:
    """Yield what a row lacks for a rank: it is no full run, or folds, seeds, clips or scores are not there."""
    if row["never_ranked"]:
        yield f"{row['never_ranked']}, never ranked"
    if row["quick"]:
        yield "quick run without latency and cost, not ranked; run it again without --quick"
    if not row["complete"]:
        yield f"incomplete, not ranked: {_missing(board, row)}"
    if row["n_unscored"]:
        yield f"{row['n_unscored']} of {row['n_unscored'] + row['n_scored']} test clips not scored, not ranked"
    if row["complete"] and pd.isna(row["war_mean"]):
        yield "WAR missing in a result, not ranked"


def _metric_versions(board: Board, row: BoardRow) -> Iterator[str]:
    """Yield the metrics whose values in this row are of other versions than those of the dataset's other rows."""
    for name, versions in board.metric_versions[row["dataset"]].items():
        own = {job["metric_versions"][name] for job in board.jobs.by_row[row["row"]] if name in job["metric_versions"]}
        others = sorted(versions - own)
        if own and (others or len(own) > 1):
            more = f", other rows by {', '.join(others)}" if others else ""
            yield f"{name} is by version {' and '.join(sorted(own))} of the metric{more}"


def _missing(board: Board, row: BoardRow) -> str:
    """Return the cells of the grid folds x seeds that hold no finished job."""
    jobs = board.jobs.by_row[row["row"]]
    seeds = [int(seed) for seed in str(row["seeds"]).split()]
    done = {(job["fold"], job["seed"]) for job in jobs if job["status"] == "done"}
    folds = board.expected[row["dataset"], bool(row["demo"])]
    wanted = itertools.product(folds, seeds)
    gaps = [f"fold {fold} seed {seed}" for fold, seed in wanted if (fold, seed) not in done]
    strays = [f"fold {fold} is not one of the dataset" for fold in sorted({job["fold"] for job in jobs} - set(folds))]
    named = [*(f"no {gap}" for gap in gaps[:NAMED]), *strays]
    return first_few([*named, *gaps[NAMED:]], len(named))


def failures(board: Board, rows: Iterable[BoardRow]) -> list[tuple[str, str]]:
    """Return each failed job of these rows, as (what, why), in their order."""
    found = []
    for row in rows:
        for job in board.jobs.by_row[row["row"]]:
            if job["status"] == "failed":
                found.append((f"{full_name(row)}, fold {job['fold']}, seed {job['seed']}", job["error"]))
    return found


def full_name(row: BoardRow) -> str:
    """Name, recipe, settings and backbone: enough to tell the row from its neighbours."""
    return ", ".join(row[key] for key in ("name", "recipe", "settings", "backbone") if row[key])
