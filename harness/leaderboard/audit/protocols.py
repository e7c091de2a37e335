"""Why rows of one dataset are not ranked together."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from harness.core.text import first_few, shown
from harness.leaderboard.audit.finding import Finding
from harness.leaderboard.board.board import Board
from harness.leaderboard.board.protocols import FINGERPRINT, differing
from harness.leaderboard.board.sections import BoardRow

NAMED = 3  # rows named for each protocol; the rest are counted


def findings(board: Board) -> Iterator[Finding]:
    """Yield every field in which two rows of one dataset differ in protocol or data; where only the data's fingerprint
    does, they are ranked together all the same, since their test clips are compared one by one."""
    groups: dict[tuple[str, bool], dict[str, list[BoardRow]]] = {}
    for row in board.as_rows:
        facts = board.jobs.facts[row["row"]]
        key = f"{row['protocol_hash']} {row['protocol_id']} {row['official']} {facts['fingerprint']}"
        groups.setdefault((row["dataset"], bool(row["demo"])), {}).setdefault(key, []).append(row)
    for (dataset, _), members in groups.items():
        for left, right in combinations(members.values(), 2):
            fields = differing(board, left[0], right[0])
            ranked = "ranked together, but" if list(fields) == [FINGERPRINT] else "not ranked together,"
            words = "; ".join(f"{name}: {shown(a)} and {shown(b)}" for name, (a, b) in fields.items()) or "their hash"
            yield Finding(
                "note",
                "protocols-differ",
                dataset,
                "",
                f"{_names(left)} and {_names(right)}",
                f"{ranked} they differ in {words}",
                {"fields": fields, "rows": [[row["row"] for row in side] for side in (left, right)]},
            )


def _names(rows: list[BoardRow]) -> str:
    return first_few([row["name"] for row in rows], NAMED)
