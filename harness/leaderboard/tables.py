"""Rows of a board as Markdown tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from harness.leaderboard import cells, columns
from harness.leaderboard.aggregate import Board
from harness.leaderboard.collect import SCORES
from harness.leaderboard.columns import BACKBONE, COST, METHOD, ORIGIN, Column, Metrics, Notes, table
from harness.leaderboard.escape import markdown
from harness.leaderboard.notes import row_notes
from harness.leaderboard.sections import Across, Row, Section

Line = Mapping[str, Row]  # dataset -> row
LineColumn = tuple[str, Callable[[Line], str]]


def dataset_table(board: Board, section: Section, specs: Metrics) -> list[str]:
    """The table of one dataset and protocol, in the columns of the papers' Table 1, and its notes."""
    notes = Notes()
    shown: list[Column] = [
        ("#", cells.place),
        ("# UAR", lambda row: cells.place(row, "uar_rank")),
        ("Method", lambda row: markdown(row["name"]) + notes.mark(row_notes(board, row))),
        *columns.settings(section.rows),
        BACKBONE,
        ("Input", cells.frame_input),
        *COST,
        *(columns.score(section, name, specs) for name in cells.scalars(_present(board, section), specs)),
        *(columns.pooled(section, name, specs) for name in SCORES),
        *columns.gap(section, "Gap to last (WAR / UAR)"),
        *ORIGIN,
    ]
    body = [[cell(row) for _, cell in shown] for row in section.rows]
    return [table([title for title, _ in shown], body), *notes.paragraphs()]


def class_tables(board: Board, section: Section, specs: Metrics) -> dict[str, str]:
    """For each metric with a value per class: its title and its table, rows as in the main one."""
    tables = {}
    first = [METHOD, *columns.settings(section.rows), BACKBONE]
    for name, found in cells.vectors(_present(board, section)).items():
        classes = [label for label in section.protocol["classes"] if f"{name}.{label}" in found]
        shown = [*first, *(columns.plain(f"{name}.{label}", markdown(label), specs) for label in classes)]
        body = [[cell(row) for _, cell in shown] for row in section.rows]
        tables[specs[name].title if name in specs else name] = table([title for title, _ in shown], body)
    return tables


def across_table(board: Board, part: Across, specs: Metrics) -> list[str]:
    """The table across datasets, one line per method, and its notes."""
    notes = Notes()
    shown: list[LineColumn] = [
        ("Method", lambda line: METHOD[1](_first(line)) + notes.mark(_notes(board, line))),
        *_settings(part),
        ("Backbone", lambda line: BACKBONE[1](_first(line))),
        ("Input", lambda line: cells.frame_input(_first(line))),
        *((title, _span(cell)) for title, cell in COST),
    ]
    for dataset, section in part.sections.items():
        title = markdown(board.titles[dataset])
        shown += [(f"{title} {name}", _of(dataset, cell)) for name, cell in _scores(section, specs)]
    body = [[cell(line) for _, cell in shown] for line in part.lines]
    return [table([title for title, _ in shown], body), *notes.paragraphs()]


def _scores(section: Section, specs: Metrics) -> list[Column]:
    scores = [columns.score(section, name, specs) for name in SCORES]
    return [*scores, *columns.gap(section, "gap to last (WAR / UAR)"), ("folds", cells.folds)]


def _present(board: Board, section: Section) -> list[str]:
    """Metrics that some job of the section reports; other datasets have other classes."""
    folds = board.folds.loc[list(section.frame.index)]
    return [name for name in board.metrics if folds[name].notna().any()]


def _of(dataset: str, cell: Callable[[Row], str]) -> Callable[[Line], str]:
    return lambda line: cell(line[dataset]) if dataset in line else cells.DASH


def _span(cell: Callable[[Row], str]) -> Callable[[Line], str]:
    return lambda line: cells.span(cell(row) for row in line.values())


def _settings(part: Across) -> list[LineColumn]:
    shown = any(row["settings"] for line in part.lines for row in line.values())
    return [("Settings", lambda line: markdown(_joined(line)) or cells.DASH)] if shown else []


def _joined(line: Line) -> str:
    return "; ".join(dict.fromkeys(row["settings"] for row in line.values() if row["settings"]))


def _first(line: Line) -> Row:
    return next(iter(line.values()))


def _notes(board: Board, line: Line) -> list[str]:
    return [f"{board.titles[name]}: {note}" for name, row in line.items() for note in row_notes(board, row)]
