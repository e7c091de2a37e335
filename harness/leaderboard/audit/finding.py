"""One thing found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from harness.leaderboard.board.notes import full_name
from harness.leaderboard.board.sections import BoardRow

Level = Literal["error", "warning", "note"]


@dataclass(frozen=True)
class Finding:
    """An error is a result that cannot be what it says; a warning limits what a row shows."""

    level: Level
    code: str
    dataset: str
    row: str  # hash of the leaderboard row, empty where it is about several
    name: str
    message: str
    values: Mapping[str, Any] = field(default_factory=dict)  # the numbers behind the message, scores as fractions


def about(
    row: BoardRow,
    level: Level,
    code: str,
    message: str,
    **values: Any,
) -> Finding:
    """Return a finding about one leaderboard row."""
    return Finding(
        level,
        code,
        row["dataset"],
        row["row"],
        full_name(row),
        message,
        values,
    )
