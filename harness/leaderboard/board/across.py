"""The tables across datasets: which sections stand side by side, and which rows in one line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from harness.leaderboard.board.board import Board
from harness.leaderboard.board.inference import Inference
from harness.leaderboard.board.sections import BoardRow, Caveat, Section, beside_frames, caveats
from harness.statistics.ranks import rank_columns
from harness.statistics.resample import percentiles

Line = Mapping[str, BoardRow]  # dataset -> row


@dataclass(frozen=True)
class Across:
    """Lines of the table across datasets: per dataset one protocol, so that each column is one ranking."""

    demo: bool
    stand_in: bool
    official: bool
    selection: str
    sections: Mapping[str, Section]  # by dataset, in column order
    lines: tuple[Line, ...]  # best first

    @property
    def caveats(self) -> list[Caveat]:
        """What keeps its numbers from being taken for more than they are."""
        modality = next(iter(self.sections.values())).modality
        return [*caveats(self.demo, self.stand_in, self.official), *beside_frames(modality)]


def first_row(line: Line) -> BoardRow:
    """Return the row of the first dataset of a line: what all of its rows share is read from it."""
    return next(iter(line.values()))


@dataclass(frozen=True)
class MeanRank:
    """Mean over datasets of a method's rank by WAR, with the ends of its 95 % interval."""

    mean: float
    low: float
    high: float


def mean_ranks(board: Board, part: Across) -> dict[str, MeanRank]:
    """Return the mean rank of each line, by the hash of its first row.

    Only lines that are ranked and tested on every dataset have one, and ranks are among those: a method that lacks a
    dataset would else have a mean over others than the rest. The interval is from ranking anew in resamples of the
    clips and trainings of each dataset.
    """
    tests = [board.tests.get(section.key) for section in part.sections.values()]
    known = [found for found in tests if found]
    if len(known) < max(len(tests), 2):
        return {}
    whole = [line for line in part.lines if _tested_everywhere(line, part, known)]
    if not whole:
        return {}
    drawn, seen = [], []
    for dataset, found in zip(part.sections, known, strict=True):
        places = [found.rows.index(line[dataset]["row"]) for line in whole]
        drawn.append(rank_columns(found.resampled_ranks[:, places]))
        seen.append(rank_columns(-found.war.values[places]))
    ends = percentiles(np.mean(drawn, axis=0))  # (2, lines)
    means = np.mean(seen, axis=0)
    return {
        first_row(line)["row"]: MeanRank(float(mean), float(low), float(high))
        for line, mean, low, high in zip(whole, means, *ends, strict=True)
    }


def _tested_everywhere(
    line: Line,
    part: Across,
    tests: Sequence[Inference],
) -> bool:
    return all(
        name in line and line[name]["row"] in found.rows for name, found in zip(part.sections, tests, strict=True)
    )


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


def _order(line: Line, datasets: int) -> tuple[Any, ...]:
    """Return the sort key of a line: ranked on every dataset first, by mean WAR; then by how many it is ranked on."""
    ranked = [float(row["war_mean"]) for row in line.values() if row["ranked"]]
    mean = sum(ranked) / datasets if len(ranked) == datasets else 0.0
    first = first_row(line)
    return -len(ranked), -mean, first["name"], first["settings"], first["entry"]
