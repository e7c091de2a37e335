"""Rows of a board as Markdown tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tabulate import tabulate

from harness.core.text import markdown
from harness.leaderboard.board.across import Across, Line
from harness.leaderboard.board.board import Board
from harness.leaderboard.board.notes import row_notes
from harness.leaderboard.board.sections import Section
from harness.leaderboard.tables.columns import Column, Metrics, R, across_columns, class_columns, dataset_columns

MARKS = {"best": "**{}**", "second": "<u>{}</u>", "": "{}"}
TEXT = (  # left-aligned
    *("Method", "Settings", "Backbone", "Input", "Protocol", "Dataset", "Paper", "Verdict", "Reason", "Trust"),
)


@dataclass
class Notes:
    """Numbered notes beneath a table; equal texts share a number."""

    numbers: dict[str, int] = field(default_factory=dict)
    sign: str = "<sup>{}</sup>"

    def mark(self, texts: Sequence[str]) -> str:
        """Return the superscript that refers to these notes."""
        marks = [str(self.numbers.setdefault(text, len(self.numbers) + 1)) for text in texts]
        return self.sign.format(",".join(marks)) if marks else ""

    def paragraphs(self) -> list[str]:
        """Return the notes as one Markdown paragraph, in the order of their numbers; nothing if there are none."""
        lines = [f"{self.sign.format(n)} {markdown(text)}" for text, n in self.numbers.items()]
        return ["  \n".join(lines)] if lines else []  # two spaces break the line


def table(titles: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table. Cells are text already, so nothing is parsed as a number and reformatted."""
    align = ["left" if title in TEXT else "right" for title in titles]
    return tabulate(
        lines,
        titles,
        tablefmt="pipe",
        disable_numparse=True,
        colalign=align,
    )


def dataset_table(
    board: Board,
    section: Section,
    specs: Metrics,
) -> list[str]:
    """Return the table of one dataset and protocol, and its notes."""
    return _noted(
        dataset_columns(board, section, specs),
        section.rows,
        lambda row: row_notes(board, row),
    )


def class_tables(
    board: Board,
    section: Section,
    specs: Metrics,
) -> dict[str, str]:
    """Return the title and the table of each metric with a value per class, rows as in the main one."""
    found = class_columns(board, section, specs)
    return {title: "\n\n".join(_noted(shown, section.rows, lambda row: [])) for title, shown in found.items()}


def across_table(
    board: Board,
    part: Across,
    specs: Metrics,
) -> list[str]:
    """Return the table across datasets, one line per method, and its notes."""
    return _noted(
        across_columns(board, part, specs),
        part.lines,
        lambda line: line_notes(board, line),
    )


def line_notes(board: Board, line: Line) -> list[str]:
    """Return the notes on the rows of a line, each with its dataset."""
    return [f"{board.titles[name]}: {note}" for name, row in line.items() for note in row_notes(board, row)]


def _noted(
    shown: Sequence[Column[R]],
    rows: Sequence[R],
    noted: Callable[[R], Sequence[str]],
) -> list[str]:
    """Return a table, and the notes that its methods refer to."""
    notes = Notes()
    lines = [
        [_cell(column, row) + (notes.mark(noted(row)) if column.title == "Method" else "") for column in shown]
        for row in rows
    ]
    titles = [markdown(column.title) if column.foreign else column.title for column in shown]
    return [table(titles, lines), *notes.paragraphs()]


def _cell(column: Column[R], row: R) -> str:
    text = column.text(row)
    return MARKS[column.mark(row)].format(markdown(text) if column.foreign else text)
