"""The first page: a line a method with WAR and UAR of every dataset, as the papers' Table 1 has them."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from harness.leaderboard.board.across import Across, Line, MeanRank, first_row, mean_ranks
from harness.leaderboard.board.board import Board
from harness.leaderboard.board.collect import SCORES
from harness.leaderboard.board.notes import row_notes
from harness.leaderboard.board.published import FLAG, Verdict
from harness.leaderboard.board.sections import BoardRow, in_title
from harness.leaderboard.site import content
from harness.leaderboard.site.method_facts import SHOWN, facts_of
from harness.leaderboard.site.writer import page_of
from harness.leaderboard.tables import cells, pages
from harness.leaderboard.tables.columns import Metrics, least_trust

DATASETS = 4  # at first sight; with a method, a mean rank and seeds that is the ten columns of a screen
DEAR = ("gflops", "params_total", "params_trainable", "latency_ms")
Printed = Mapping[tuple[str, str], float]  # (row, metric) -> what the paper prints, a fraction


def printed_numbers(verdicts: Sequence[Verdict]) -> dict[tuple[str, str], float]:
    """Return what the papers print, by row and metric: the first of several tables, and none in doubt."""
    found: dict[tuple[str, str], float] = {}
    for verdict in verdicts:
        if not FLAG.match(verdict.flag):
            found.setdefault((verdict.row, verdict.metric.lower()), verdict.reported)
    return found


def overview(
    board: Board,
    part: Across,
    specs: Metrics,
    verdicts: Sequence[Verdict],
) -> dict[str, Any]:
    """Return one table across datasets: the datasets above, the head, and rows of cells, best first."""
    tops = {}
    for dataset, section in part.sections.items():
        for name in SCORES:
            tops[dataset, name] = cells.podium(
                section.rows,
                f"{name}_mean",
                name,
                specs,
            )
    printed = printed_numbers(verdicts)
    named = content.names([first_row(line) for line in part.lines])
    means = mean_ranks(board, part)
    rows = [_row(board, part, line, tops, printed, specs, means) for line in part.lines]
    rows = [{**row, "name": named[row["row"]]} for row in rows]
    return {
        "heading": pages.SELECTED.get(part.selection, part.selection),
        "worth": in_title(part.caveats),
        "demo": part.demo,
        "datasets": _above(board, part),
        "head": _head(part),
        "rows": rows,
    }


def _above(board: Board, part: Across) -> list[dict[str, Any]]:
    """Return title, page and whether it is shown at first sight, of each dataset."""
    places = enumerate(part.sections)
    return [
        {
            "title": board.titles[name],
            "link": page_of(name, part.demo),
            "more": place >= DATASETS,
        }
        for place, name in places
    ]


def _head(part: Across) -> list[dict[str, Any]]:
    """Return title, first order of a sort and whether it is shown at first sight, of each column behind the method."""
    scores = [
        _column(
            name.upper(),
            "descending",
            place >= DATASETS,
        )
        for place, name in _scores(part)
    ]
    shown = [_column("Mean rank"), _column("Seeds", "descending")]
    facts = [_column(title, more=True) for title in SHOWN.values()]
    costs = ("GFLOPs", "Params (M)", "Trainable (M)", "Latency (ms)")
    return [
        *scores,
        *shown,
        _column("Backbone", more=True),
        _column("Trust", "descending", more=True),
        *facts,
        *(_column(name, more=True) for name in costs),
    ]


def _column(
    title: str,
    first: str = "ascending",
    more: bool = False,
) -> dict[str, Any]:
    return {
        "title": title,
        "first": first,
        "more": more,
    }


def _scores(part: Across) -> list[tuple[int, str]]:
    return [(place, name) for place in range(len(part.sections)) for name in SCORES]


def _row(
    board: Board,
    part: Across,
    line: Line,
    tops: Mapping[tuple[str, str], tuple[float, ...]],
    printed: Printed,
    specs: Metrics,
    means: Mapping[str, MeanRank],
) -> dict[str, Any]:
    first = first_row(line)
    facts = facts_of(board, first)
    datasets = list(part.sections)
    scores = []
    for dataset, name in itertools.product(datasets, SCORES):
        scores.append(_score(line.get(dataset), name, tops[dataset, name], printed, specs))
    mean = means.get(first["row"])
    return {
        "row": first["row"],
        "ranked": any(row["ranked"] for row in line.values()),
        "badges": list(dict.fromkeys(badge for row in line.values() for badge in content.badges(row))),
        "notes": _notes(board, line),
        "text": " ".join([content.title(first), str(first["backbone"]), *facts.values()]),
        "facts": facts,
        "cells": [
            *scores,
            content.cell(cells.mean_rank(mean), mean.mean if mean else None),
            content.cell(*_seeds(line)),
            content.cell(first["backbone"], first["backbone"]),
            content.cell(least_trust(line), least_trust(line)),
            *(content.cell(text or cells.DASH, text) for text in facts.values()),
            *_costs(line),
        ],
    }


def _score(
    row: BoardRow | None,
    name: str,
    top: tuple[float, ...],
    printed: Printed,
    specs: Metrics,
) -> dict[str, Any]:
    """Return a score with what stands small under it: its deviation, its rank, and what the paper prints.

    A row that lacks folds shows how many are there, and no mean of them.
    """
    if row is None:
        return content.cell(cells.DASH, None) | {"small": []}
    link = {"link": f"rows/{row['row']}.html"}
    if not row["complete"]:
        shown = f"{cells.folds(row)} folds" if name == SCORES[0] else cells.DASH
        return content.cell(shown, None) | link | {"small": []}
    value = row.get(f"{name}_mean")
    small = [f"± {cells.value(row.get(f'{name}_std'), name, specs)}"]
    place = cells.place(row, "rank" if name == SCORES[0] else "uar_rank")
    small += [f"# {place}"] if place != cells.DASH else []
    reported = printed.get((row["row"], name))
    small += [f"paper {cells.value(reported, name, specs)}"] if reported is not None else []
    mark = cells.emphasis(
        row,
        f"{name}_mean",
        top,
    )
    return (
        content.cell(
            cells.value(value, name, specs),
            value,
            mark,
        )
        | link
        | {"small": small}
    )


def _seeds(line: Line) -> tuple[str, float]:
    """Return seeds of a method, "3" or "1 to 3" where they differ from one dataset to the other; and the least."""
    found = sorted({int(row["n_seeds"]) for row in line.values()})
    return " to ".join(dict.fromkeys([str(found[0]), str(found[-1])])), float(found[0])


def _costs(line: Line) -> list[dict[str, Any]]:
    scales = {name: (scale, digits) for name, scale, digits in content.COSTS}
    found = []
    for name in DEAR:
        known = [row[f"cost.{name}"] for row in line.values() if not pd.isna(row.get(f"cost.{name}"))]
        text = cells.span(cells.number(value, *scales[name]) for value in known)
        found.append(content.cell(text, min(known, default=None)))
    return found


def _notes(
    board: Board,
    line: Line,
) -> list[str]:
    """Return the notes on the rows that are not ranked, each with its dataset; the row's own page has all."""
    unranked = {name: row for name, row in line.items() if not row["ranked"]}
    return [f"{board.titles[name]}: {note}" for name, row in unranked.items() for note in row_notes(board, row)[:1]]
