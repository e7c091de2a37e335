"""Whether what was run again is still what stands in the tables."""

from __future__ import annotations

from collections.abc import Iterator

from harness.leaderboard.audit.finding import Finding, about
from harness.leaderboard.board.board import Board

CHANGED = "it was run again, but a file of it has changed since, so that this counts no more; verify it anew"


def findings(board: Board) -> Iterator[Finding]:
    """Yield rows that lost a level of trust, since they are no longer what was run again."""
    for row in board.as_rows:
        if row["row"] in board.run_again.changed:
            yield about(row, "warning", "changed-since", CHANGED)
