"""Which rows stand in one table. Rows of different protocol hashes never do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from harness.leaderboard.board.board import SECTION, Board, Key

Row = Mapping[str, Any]  # one line of Board.rows, its hash as "row"
ORDER = ("last", "val", "oracle")


@dataclass(frozen=True)
class Section:
    """Rows of one dataset that share a protocol, ranked."""

    dataset: str
    protocol_hash: str
    protocol: Mapping[str, Any]
    stand_in: bool  # made with random or bundled weights
    official: bool  # on the official split
    frame: pd.DataFrame  # of Board.rows, best first

    @property
    def key(self) -> Key:
        """The values of `SECTION` that its rows share."""
        first = self.frame.iloc[0]
        return tuple(first[name] for name in SECTION)

    @cached_property
    def rows(self) -> list[Row]:
        """The rows as plain values, best first."""
        return [{str(k): v for k, v in row.items()} for row in self.frame.reset_index().to_dict("records")]


@dataclass(frozen=True)
class Across:
    """Lines of the table across datasets: per dataset one protocol, so that each column is one ranking."""

    stand_in: bool
    official: bool
    selection: str
    sections: Mapping[str, Section]  # by dataset, in column order
    lines: tuple[Mapping[str, Row], ...]  # dataset -> its row, best line first


def sections(
    board: Board,
    dataset: str,
    demo: bool,
) -> list[Section]:
    """The tables of one dataset: `last` before `val` and `oracle`, stand-in backbones after real ones."""
    rows = board.rows[(board.rows["dataset"] == dataset) & (board.rows["demo"] == demo)]
    found = [_section(board, part) for _, part in rows.groupby(SECTION, sort=True)]
    return sorted(found, key=_place)


def across(board: Board, demo: bool) -> list[Across]:
    """The tables across datasets. Each section stands in exactly one of them.

    Sections of different datasets meet when their rule is the same. Where a dataset has several protocols
    under one rule (crops, versions), the one with most rows joins the first table, the next one the second.
    """
    layers: dict[tuple[Any, ...], dict[str, Section]] = {}
    for dataset in board.titles:
        seen: dict[tuple[Any, ...], int] = {}
        for section in sections(board, dataset, demo):
            rule = _rule(section)
            layers.setdefault((*rule, seen.get(rule, 0)), {})[dataset] = section
            seen[rule] = seen.get(rule, 0) + 1
    return [_across(layers[key]) for key in sorted(layers)]


def _section(board: Board, rows: pd.DataFrame) -> Section:
    first = rows.iloc[0]
    protocol = board.jobs.facts[str(rows.index[0])]["protocol"]
    official = bool(rows["official"].all())
    return Section(
        first["dataset"],
        first["protocol_hash"],
        protocol,
        bool(first["stand_in"]),
        official,
        rows,
    )


def _rule(section: Section) -> tuple[Any, ...]:
    """What sections of different datasets must share to stand side by side, in the order of the tables."""
    protocol = section.protocol
    selection = str(protocol["selection"])
    place = ORDER.index(selection) if selection in ORDER else len(ORDER)
    views = int(protocol.get("test_views") or 1)
    return section.stand_in, not section.official, place, selection, str(protocol.get("aggregation")), views


def _place(section: Section) -> tuple[Any, ...]:
    return (*_rule(section), -len(section.frame), section.protocol_hash)


def _across(found: Mapping[str, Section]) -> Across:
    """Rows of one method in one line. Older data of the same method gets a line of its own."""
    lines: dict[tuple[str, int], dict[str, Row]] = {}
    for dataset, section in found.items():
        newest = section.frame.sort_values("last_finished", ascending=False, kind="stable")
        ordinal = newest.groupby("entry").cumcount()
        for row in section.rows:
            lines.setdefault((row["entry"], int(ordinal[row["row"]])), {})[dataset] = row
    first = next(iter(found.values()))
    ordered = sorted(lines.values(), key=lambda line: _standing(line, len(found)))
    return Across(
        first.stand_in,
        first.official,
        str(first.protocol["selection"]),
        found,
        tuple(ordered),
    )


def _standing(line: Mapping[str, Row], datasets: int) -> tuple[Any, ...]:
    """Lines ranked on every dataset first, by mean WAR; then by how many datasets they are ranked on."""
    ranked = [float(row["war_mean"]) for row in line.values() if row["ranked"]]
    mean = sum(ranked) / datasets if len(ranked) == datasets else 0.0
    first = next(iter(line.values()))
    return -len(ranked), -mean, first["name"], first["settings"], first["entry"]
