"""Whether a result is the one that its id and its protocol hash stand for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from harness.audit.finding import Finding, about
from harness.errors import HarnessError
from harness.leaderboard.aggregate import Board
from harness.leaderboard.published import rows_of
from harness.records import job_of
from harness.store import read

NAMED = 3


def findings(board: Board) -> Iterator[Finding]:
    """Rows whose protocol has another hash than they say, and results that were edited after they were written."""
    for row in rows_of(board):
        if row["protocol_id"] != row["protocol_hash"]:
            text = f"its protocol hash {row['protocol_hash']} is not that of its protocol, {row['protocol_id']}"
            yield about(row, "warning", "edited", text)
        jobs = board.jobs.by_row[row["row"]]
        found = [job for job in jobs if job["path"] and _edited(Path(job["path"]))]
        edited = [f"fold {job['fold']} seed {job['seed']}" for job in found]
        if edited:
            more = f" and {len(edited) - NAMED} more" if len(edited) > NAMED else ""
            text = f"its id is not that of the job it describes, so it was edited: {', '.join(edited[:NAMED])}{more}"
            yield about(row, "warning", "edited", text)


def _edited(folder: Path) -> bool:
    try:
        job_of(read(folder / "result.json"))
    except HarnessError:
        return True
    return False
