"""In what two rows differ, so that they are not ranked together."""

from __future__ import annotations

from typing import Any

from harness.leaderboard.board.board import Board
from harness.leaderboard.board.sections import BoardRow

FINGERPRINT = "data fingerprint"
OFFICIAL = "official split"


def differing(
    board: Board,
    first: BoardRow,
    second: BoardRow,
) -> dict[str, tuple[Any, Any]]:
    """Return the fields of the protocol, the data's fingerprint, and the split, in which two rows differ."""
    left, right = _facts(board, first), _facts(board, second)
    names = dict.fromkeys([*left, *right])
    pairs = {name: (left.get(name), right.get(name)) for name in names}
    return {name: (mine, other) for name, (mine, other) in pairs.items() if mine != other}


def _facts(board: Board, row: BoardRow) -> dict[str, Any]:
    facts = board.jobs.facts[row["row"]]
    return {
        **facts["protocol"],
        FINGERPRINT: facts["fingerprint"],
        OFFICIAL: bool(row["official"]),
    }
