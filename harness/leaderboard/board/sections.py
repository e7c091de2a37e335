"""Which rows stand in one table, and what keeps its numbers from being taken for more than they are.

Rows of different protocol hashes never stand in one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

# Rows that may be ranked together. The id is that of the protocol as it stands in the result, whatever its hash says.
SECTION = ["dataset", "demo", "stand_in", "official", "protocol_hash", "protocol_id", "modality"]
VISUAL = "visual"  # what a method uses that uses nothing else
ORDER = ("last", "val", "oracle", "authors")

Key = tuple[Any, ...]  # the values of SECTION
BoardRow = Mapping[str, Any]  # one line of Board.rows, its hash as "row"


@dataclass(frozen=True)
class Caveat:
    """A reason why numbers are not those of the benchmark: in a word, and as titles say it."""

    word: str
    title: str


DEMO = Caveat(
    "synthetic demo",
    "synthetic demo, not a benchmark result",
)
STAND_IN = Caveat(
    "random or bundled weights",
    "random or bundled demo backbone, not a benchmark result",
)
UNOFFICIAL = Caveat(
    "not the official split",
    "not the official split",
)


def caveats(
    demo: bool,
    stand_in: bool,
    official: bool,
) -> list[Caveat]:
    """Return all that apply; that the demo has no official split is not worth a word."""
    applies = {
        DEMO: demo,
        STAND_IN: stand_in,
        UNOFFICIAL: not official and not demo,
    }
    return [caveat for caveat in applies if applies[caveat]]


def in_title(found: Sequence[Caveat]) -> list[str]:
    """Return caveats as titles say them: that it is the demo says it of weights and splits, too."""
    said = (STAND_IN, UNOFFICIAL) if DEMO in found else ()
    return [caveat.title for caveat in found if caveat not in said]


def beside_frames(modality: str) -> list[Caveat]:
    """Return what sets a table of methods that use more than frames apart: "audio+visual" -> "methods that use audio".

    Args: modality of a row, as `modality_of` gives it.
    """
    others = [name for name in modality.split("+") if name != VISUAL]
    text = f"methods that use {' and '.join(others)}"
    return [Caveat(text, text)] if others else []


def modality_of(used: Iterable[str]) -> str:
    """Return what a method uses as one word: "visual", or "audio+visual"."""
    return "+".join(sorted(set(used))) or VISUAL


@dataclass(frozen=True)
class Section:
    """Rows of one dataset that share a protocol, ranked."""

    dataset: str
    demo: bool
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

    @property
    def caveats(self) -> list[Caveat]:
        """What keeps its numbers from being taken for more than they are."""
        return [*caveats(self.demo, self.stand_in, self.official), *beside_frames(self.modality)]

    @property
    def modality(self) -> str:
        """What its methods use of a clip: rows that use audio or text are never ranked with those that see frames."""
        return str(self.frame["modality"].iloc[0])

    @property
    def rule(self) -> tuple[Any, ...]:
        """What sections of different datasets must share to stand side by side, in the order of the tables."""
        protocol = self.protocol
        selection = str(protocol["selection"])
        place = ORDER.index(selection) if selection in ORDER else len(ORDER)
        views = int(protocol.get("test_views") or 1)
        return (
            self.stand_in,
            not self.official,
            place,
            selection,
            str(protocol.get("aggregation")),
            views,
            self.modality != VISUAL,
            self.modality,
        )

    @cached_property
    def rows(self) -> list[BoardRow]:
        """The rows as plain values, best first."""
        return plain_rows(self.frame)


def plain_rows(frame: pd.DataFrame) -> list[BoardRow]:
    """Return lines of `Board.rows` as plain values."""
    records = frame.reset_index().to_dict("records")
    return [{str(key): value for key, value in row.items()} for row in records]


def sections_of(
    rows: pd.DataFrame,
    facts: Mapping[str, Mapping[str, Any]],
    tables: Iterable[tuple[str, bool]],
) -> dict[tuple[str, bool], list[Section]]:
    """Part the rows of each dataset, real or demo, into its sections.

    `last` comes before `val` and `oracle`, stand-in backbones after real ones.

    Args:
        rows: of the board.
        facts: of each row, by its hash; its protocol is read.
        tables: dataset and whether it is the demo, in the order of the tables.
    """
    found = {}
    for dataset, demo in tables:
        own = rows[(rows["dataset"] == dataset) & (rows["demo"] == demo)]
        parts = [_section(part, facts) for _, part in own.groupby(SECTION, sort=True)]
        found[dataset, demo] = sorted(parts, key=_place)
    return found


def _section(rows: pd.DataFrame, facts: Mapping[str, Mapping[str, Any]]) -> Section:
    first = rows.iloc[0]
    return Section(
        dataset=first["dataset"],
        demo=bool(first["demo"]),
        protocol_hash=first["protocol_hash"],
        protocol=facts[str(rows.index[0])]["protocol"],
        stand_in=bool(first["stand_in"]),
        official=bool(rows["official"].all()),
        frame=rows,
    )


def _place(section: Section) -> tuple[Any, ...]:
    return (*section.rule, -len(section.frame), section.protocol_hash)
