"""What a terminal shows of a board: the table across datasets, best first, on two screens at most."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.leaderboard.board.across import Across, Line, first_row
from harness.leaderboard.board.board import Board
from harness.leaderboard.board.collect import SCORES
from harness.leaderboard.board.notes import full_name, row_notes
from harness.leaderboard.board.sections import BoardRow, in_title
from harness.leaderboard.tables import cells
from harness.leaderboard.tables.columns import Metrics

LINES = 40  # of all tables together; the files have every row
FEWEST = 4  # lines of a table, however many tables there are
TABLES = 4
DATASETS = 4  # side by side
REASONS = 3  # of a table
WIDEST = 36  # characters of a name


@dataclass(frozen=True)
class Screen:
    """One table for a terminal, as unescaped text, and what has to be said below it."""

    title: str
    columns: list[str]
    lines: list[list[str]]
    below: list[str]


def screens(
    board: Board,
    parts: Mapping[bool, Sequence[Across]],
    specs: Metrics,
) -> list[Screen]:
    """Return the first tables across datasets, those of real data before the demo's, as far as two screens go."""
    found = list(itertools.chain.from_iterable(parts.values()))
    shown = found[:TABLES]
    most = max(FEWEST, LINES // max(1, len(shown)))
    tables = [
        _screen(
            board,
            part,
            specs,
            most,
        )
        for part in shown
    ]
    if len(found) > len(shown):
        tables[-1].below.append(f"{len(found) - len(shown)} more tables, of other protocols, are in the files")
    return tables


def _screen(
    board: Board,
    part: Across,
    specs: Metrics,
    most: int,
) -> Screen:
    datasets = list(part.sections)[:DATASETS]
    columns = ["Method"]
    for dataset in datasets:
        columns += [f"{board.titles[dataset]} #", "WAR", "UAR"]
    lines = []
    for line in part.lines[:most]:
        lines.append([_name(line), *itertools.chain.from_iterable(_scores(line.get(name), specs) for name in datasets)])
    title = ", ".join([f"Selection {part.selection}", *in_title(part.caveats)])
    return Screen(
        title,
        columns,
        lines,
        list(_below(board, part, len(lines), len(datasets))),
    )


def _name(line: Line) -> str:
    row = first_row(line)
    text = str(row["name"]) + (f", {row['settings']}" if row["settings"] else "")
    return text if len(text) <= WIDEST else text[: WIDEST - 1] + "\N{HORIZONTAL ELLIPSIS}"


def _scores(
    row: BoardRow | None,
    specs: Metrics,
) -> list[str]:
    """Return rank, WAR and UAR; of a row that lacks folds, which are there in place of scores that would mislead."""
    if row is None:
        return [cells.DASH] * 3
    if not row["complete"]:
        return [cells.DASH, f"{cells.folds(row)} folds", ""]
    return [
        cells.place(row),
        *(
            cells.value(
                row.get(f"{name}_mean"),
                name,
                specs,
            )
            for name in SCORES
        ),
    ]


def _below(
    board: Board,
    part: Across,
    lines: int,
    datasets: int,
) -> Iterator[str]:
    """Yield what the table leaves out, and why some rows have no rank."""
    if len(part.lines) > lines:
        yield f"the best {lines} of {len(part.lines)} rows"
    if len(part.sections) > datasets:
        yield f"{datasets} of {len(part.sections)} datasets"
    every = itertools.chain.from_iterable(line.items() for line in part.lines)
    unranked = [(name, row) for name, row in every if not row["ranked"]]
    for dataset, row in unranked[:REASONS]:
        notes = row_notes(board, row)
        yield f"{full_name(row)} on {board.titles[dataset]}: {notes[0] if notes else 'not ranked'}"
    if len(unranked) > REASONS:
        yield f"{len(unranked) - REASONS} more rows that are not ranked: see the notes in the files"


def by_stem(files: Iterable[Path]) -> list[str]:
    """Return names of files, those that differ in their ending on one line: "boards/dfew.{md,csv,json,tex}".
    A folder's ends in "/".
    """
    endings: dict[str, list[str]] = {}
    for path in files:
        endings.setdefault(str(path.with_suffix("")), []).append(path.suffix.removeprefix("."))
    return [
        f"{stem}.{{{','.join(own)}}}" if len(own) > 1 else f"{stem}.{own[0]}".rstrip(".")
        for stem, own in endings.items()
    ]
