"""One thing found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from harness.leaderboard.board.notes import full_name
from harness.leaderboard.board.objections import Objection
from harness.leaderboard.board.sections import BoardRow

Level = Literal["error", "warning", "note"]
Milder = Literal["warning", "note"]  # what a rule of the audit may say of one row; its errors are the board's


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
    level: Milder,
    code: str,
    message: str,
    **values: Any,
) -> Finding:
    """Return a finding about one leaderboard row that leaves its rank alone."""
    return _of(row, level, code, message, values)


def error(row: BoardRow, objection: Objection) -> Finding:
    """Return what the board objects to in a row, for which it is not ranked, as a finding."""
    return _of(
        row,
        "error",
        objection.code,
        objection.message,
        objection.values,
    )


def damaged(path: str, why: str) -> Finding:
    """Return a file of the store that was left out, as a finding."""
    return Finding(
        "error",
        "damaged",
        "",
        "",
        "",
        f"{path}: {why}",
    )


def _of(
    row: BoardRow,
    level: Level,
    code: str,
    message: str,
    values: Mapping[str, Any],
) -> Finding:
    return Finding(
        level,
        code,
        row["dataset"],
        row["row"],
        full_name(row),
        message,
        values,
    )
