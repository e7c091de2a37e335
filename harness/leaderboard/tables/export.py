"""Rows of a board for other programs: tidy CSV, and JSON down to the single job. Scores are fractions."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from harness.core.text import spreadsheet
from harness.core.version import __version__
from harness.leaderboard.board.across import Across, mean_ranks
from harness.leaderboard.board.board import Board
from harness.leaderboard.board.collect import ABOUT, SCORES
from harness.leaderboard.board.notes import row_notes, why_not_ranked
from harness.leaderboard.board.sections import VISUAL, BoardRow, Section
from harness.leaderboard.tables.names import dataset_stem, overview_stem

SCHEMA = 1
FLAT_BELOW = 4  # levels of JSON; whatever is deeper stays on one line
STATISTICS = ("mean", "std", "pooled", "low", "high", "gap")
SPREAD = ("std_over", "std_ddof")
IDENTITY = ("rank", "name", "method", "variant", "settings", "complete", "ranked", "official", "selection", "trust")
COVERAGE = ("folds_done", "folds_total", "n_seeds", "seeds", "n_scored", "n_unscored", "n_jobs", "n_failed", "hardware")
LEAD = ["rank", "dataset", "demo", "name", "settings", "backbone"]  # of the CSV
RANKS = ("rank", "rank_low", "rank_high", "uar_rank", "uar_rank_low", "uar_rank_high", "place")
JOB = ("fold", "seed", "id", "status", "error", "n_scored", "n_unscored")


def files(board: Board, parts: Mapping[bool, Sequence[Across]]) -> dict[str, str]:
    """Return file name -> CSV or JSON: one of each a dataset, and one across them."""
    texts = {}
    for (dataset, demo), found in board.sections.items():
        stem = dataset_stem(dataset, demo)
        texts[f"{stem}.csv"] = csv(board, found)
        texts[f"{stem}.json"] = dump(dataset_json(board, found))
    for demo, across in parts.items():
        stem = overview_stem(demo)
        flat = [section for part in across for section in part.sections.values()]
        texts[f"{stem}.csv"] = csv(board, flat, per_fold=False)
        texts[f"{stem}.json"] = dump(across_json(board, across))
    return texts


def csv(
    board: Board,
    found: Sequence[Section],
    per_fold: bool = True,
) -> str:
    """Return one line per row, with `<metric>_mean|_std|_pooled` and, by fold, `<metric>_fold.<name>`."""
    frame = pd.concat([section.frame for section in found])
    facts = [board.jobs.facts[str(row)] for row in frame.index]
    frame = frame.assign(
        options=[_text(fact["options"]) for fact in facts],
        input=[_text(fact["input"]) for fact in facts],
        **_not_ranked(board, found),
    )

    # The columns that a reader looks for first; columns of classes that no row has are left out.
    keep = [name for name in frame if "." not in str(name) or frame[name].notna().any()]
    if not frame["quick"].any():
        keep.remove("quick")
    if not (frame["recipe"] != "").any():
        keep.remove("recipe")
    if (frame["modality"] == VISUAL).all():
        keep.remove("modality")
    first = [name for name in LEAD + _metric_columns(board) if name in keep]
    rest = [name for name in keep if name not in (*first, "entry", "protocol_id", "never_ranked")]
    frame = frame[[*first, *rest]].astype(dict.fromkeys(RANKS, "Int64"))
    if per_fold:
        frame = frame.join(_folds(board, frame.index))

    for name in frame.select_dtypes(["object", "string"]):
        frame[name] = frame[name].map(safe)
    frame = frame.rename(columns=safe).reset_index()
    return str(frame.to_csv(index=False, lineterminator="\n"))


def _not_ranked(board: Board, found: Sequence[Section]) -> dict[str, list[str]]:
    """Return a column that says why rows are not ranked; none where all are."""
    reasons = ["; ".join(why_not_ranked(board, row)) for section in found for row in section.rows]
    return {"not_ranked": reasons} if any(reasons) else {}


def safe(cell: Any) -> Any:
    """Return a cell that no spreadsheet takes for a formula."""
    return spreadsheet(cell) if isinstance(cell, str) else cell


def _metric_columns(board: Board) -> list[str]:
    """Return means, deviations and pooled values, WAR and UAR first."""
    names = [*SCORES, *(name for name in board.metrics if name not in SCORES)]
    return [f"{name}_{kind}" for name in names for kind in STATISTICS]


def dataset_json(board: Board, found: Sequence[Section]) -> dict[str, Any]:
    """Return the tables of one dataset."""
    dataset, demo = found[0].dataset, found[0].demo
    sections = []
    for section in found:
        rows = [row_json(board, row) | _detail(board, row) for row in section.rows]
        sections.append({**section_json(section), "rows": rows})
    return {
        **head_json(demo),
        "dataset": dataset,
        "title": board.titles[dataset],
        "registered": dataset in board.registered,
        "folds": list(board.expected[dataset, demo]),
        "sections": sections,
    }


def across_json(board: Board, found: Sequence[Across]) -> dict[str, Any]:
    """Return the tables across datasets; each cell is the row of that dataset, without its folds."""
    sections = []
    for part in found:
        lines = []
        means = [{"row": row, **vars(found)} for row, found in mean_ranks(board, part).items()]
        for line in part.lines:
            lines.append({name: row_json(board, row) for name, row in line.items()})
        sections.append(
            {
                "selection": part.selection,
                "stand_in": part.stand_in,
                "official": part.official,
                "datasets": {name: section_json(section) for name, section in part.sections.items()},
                "rows": lines,
                "mean_ranks": means,
            }
        )
    return {**head_json(found[0].demo), "sections": sections}


def dump(data: Mapping[str, Any]) -> str:
    """Return JSON that any reader takes: no NaN, ASCII only.
    A row is a line: to indent it deeper takes ten times as long.
    """
    return _indented(data, 0) + "\n"


def _indented(value: Any, level: int) -> str:
    if level == FLAT_BELOW or not value or not isinstance(value, Mapping | list):
        return json.dumps(value, sort_keys=True, allow_nan=False)
    inside = level + 1
    if isinstance(value, Mapping):
        parts = [f"{json.dumps(key)}: {_indented(value[key], inside)}" for key in sorted(value)]
    else:
        parts = [_indented(item, inside) for item in value]
    first, last = "{}" if isinstance(value, Mapping) else "[]"
    body = ",\n".join(" " * inside + part for part in parts)
    return f"{first}\n{body}\n{' ' * level}{last}"


def head_json(demo: bool) -> dict[str, Any]:
    """Return what made the document."""
    return {"schema": SCHEMA, "generator": f"dfer-harness {__version__}", "demo": demo}


def section_json(section: Section) -> dict[str, Any]:
    """Return the protocol that the rows of a table share."""
    return {
        "protocol_hash": section.protocol_hash,
        "protocol": dict(section.protocol),
        "stand_in": section.stand_in,
        "official": section.official,
    }


def row_json(board: Board, row: BoardRow) -> dict[str, Any]:
    """Return a row: identity, coverage, ranks, cost, metrics and notes."""
    facts = board.jobs.facts[row["row"]]
    same = ("options", "input", "plugin", "backbone", "fingerprint", "dataset", "protocol_hash")
    return {
        "row": row["row"],
        **{name: plain(row[name]) for name in (*IDENTITY, *COVERAGE, *SPREAD)},
        **{name: None if pd.isna(row[name]) else int(row[name]) for name in RANKS},
        **{name: facts[name] for name in same},
        "weights": facts.get("weights", {}),
        **({"recipe": row["recipe"]} if row["recipe"] else {}),
        **({"quick": True} if row["quick"] else {}),
        "facts": facts[ABOUT],
        "seeds": [int(seed) for seed in row["seeds"].split()],
        "first_finished": plain(row["first_finished"]),
        "last_finished": plain(row["last_finished"]),
        "cost": {name[5:]: plain(row[name]) for name in row if name.startswith("cost.")},
        "metrics": {name: _statistics(row, name) for name in _own(board, row)},
        "notes": row_notes(board, row),
        **({} if row["ranked"] else {"not_ranked": list(why_not_ranked(board, row))}),
    }


def _statistics(row: BoardRow, name: str) -> dict[str, Any]:
    return {kind: plain(row[f"{name}_{kind}"]) for kind in STATISTICS if f"{name}_{kind}" in row}


def _own(board: Board, row: BoardRow) -> list[str]:
    """Return the metrics a row can have: other datasets have other classes."""
    classes = set(board.jobs.facts[row["row"]]["protocol"]["classes"])
    return [name for name in board.metrics if "." not in name or name.split(".", 1)[1] in classes]


def _detail(board: Board, row: BoardRow) -> dict[str, Any]:
    """Return what lies beneath a row: the value of each fold, missing ones too, and the jobs behind it."""
    jobs = [{name: job[name] for name in JOB} for job in board.jobs.by_row[row["row"]]]
    values = board.fold_values[row["row"]]
    expected = board.expected[row["dataset"], bool(row["demo"])]
    names = _own(board, row)
    per_fold = []
    for fold in dict.fromkeys([*expected, *values]):
        of_fold = values.get(fold, {})
        per_fold.append(
            {
                "fold": fold,
                "metrics": {name: plain(of_fold.get(name)) for name in names},
                "jobs": [job for job in jobs if job["fold"] == fold],
            }
        )
    return {"per_fold": per_fold, "confusion": board.confusions.get(row["row"])}


def _folds(board: Board, rows: pd.Index[Any]) -> pd.DataFrame:
    """Return the metrics that are one number, one column per metric and fold, whether the fold was run or not."""
    names = [name for name in board.metrics if "." not in name]
    first = board.rows.loc[rows[0]]  # all rows are of one dataset
    folds = board.folds.loc[list(rows)]
    expected = board.expected[str(first["dataset"]), bool(first["demo"])]
    order = list(dict.fromkeys([*expected, *folds.index.get_level_values("fold")]))
    wide = [pd.DataFrame(index=rows)]
    for name in names:
        by_fold = folds[name].unstack("fold").reindex(columns=order)
        wide.append(pd.DataFrame(by_fold.add_prefix(f"{name}_fold.")))
    return pd.concat(wide, axis=1)


def plain(value: Any) -> Any:
    """Return a value that JSON takes; None where it is missing."""
    if isinstance(value, str | int):
        return value
    if isinstance(value, pd.Timestamp):
        return value.isoformat()
    return None if pd.isna(value) else value


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True)
