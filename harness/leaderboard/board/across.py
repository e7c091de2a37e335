"""The tables across datasets: which sections stand side by side, and which rows in one line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from harness.leaderboard.board.board import Board
from harness.leaderboard.board.sections import BoardRow, Caveat, Section, beside_frames, caveats


@dataclass(frozen=True)
class Across:
    """Lines of the table across datasets: per dataset one protocol, so that each column is one ranking."""

    demo: bool
    stand_in: bool
    official: bool
    selection: str
    sections: Mapping[str, Section]  # by dataset, in column order
    lines: tuple[Mapping[str, BoardRow], ...]  # dataset -> its row, best line first

    @property
    def caveats(self) -> list[Caveat]:
        """What keeps its numbers from being taken for more than they are."""
        modality = next(iter(self.sections.values())).modality
        return [*caveats(self.demo, self.stand_in, self.official), *beside_frames(modality)]


def across_tables(board: Board) -> dict[bool, list[Across]]:
    """Return the tables across datasets of real data and of the demo, where there are any."""
    kinds = sorted({demo for _, demo in board.expected})
    return {demo: across(board, demo) for demo in kinds}


def across(board: Board, demo: bool) -> list[Across]:
    """Return the tables across datasets. Each section stands in exactly one of them.

    Sections of different datasets meet when their rule is the same. Where a dataset has several protocols
    under one rule (crops, versions), the one with most rows joins the first table, the next one the second.
    """
    layers: dict[tuple[Any, ...], dict[str, Section]] = {}
    for dataset in board.titles:
        seen: dict[tuple[Any, ...], int] = {}
        for section in board.sections.get((dataset, demo), ()):
            rule = section.rule
            layers.setdefault((*rule, seen.get(rule, 0)), {})[dataset] = section
            seen[rule] = seen.get(rule, 0) + 1
    return [_across(layers[key]) for key in sorted(layers)]


def _across(found: Mapping[str, Section]) -> Across:
    """Put rows of one method in one line. Older data of the same method gets a line of its own."""
    lines: dict[tuple[str, int], dict[str, BoardRow]] = {}
    for dataset, section in found.items():
        newest = section.frame.sort_values(
            "last_finished",
            ascending=False,
            kind="stable",
        )
        ordinal = newest.groupby("entry").cumcount()
        for row in section.rows:
            lines.setdefault((row["entry"], int(ordinal[row["row"]])), {})[dataset] = row
    first = next(iter(found.values()))
    ordered = sorted(lines.values(), key=lambda line: _order(line, len(found)))
    return Across(
        first.demo,
        first.stand_in,
        first.official,
        str(first.protocol["selection"]),
        found,
        tuple(ordered),
    )


def _order(line: Mapping[str, BoardRow], datasets: int) -> tuple[Any, ...]:
    """Return the sort key of a line: ranked on every dataset first, by mean WAR; then by how many it is ranked on."""
    ranked = [float(row["war_mean"]) for row in line.values() if row["ranked"]]
    mean = sum(ranked) / datasets if len(ranked) == datasets else 0.0
    first = next(iter(line.values()))
    return -len(ranked), -mean, first["name"], first["settings"], first["entry"]
