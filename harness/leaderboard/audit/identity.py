"""Whether a result is the one that its id and its protocol hash stand for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from harness.core.errors import HarnessError
from harness.core.text import first_few
from harness.leaderboard.audit.finding import Finding, about
from harness.leaderboard.board.board import Board
from harness.results.records import job_of
from harness.results.store import read

NAMED = 3


def findings(board: Board) -> Iterator[Finding]:
    """Yield rows whose protocol has another hash than they say, and results whose id is not that of their job."""
    for row in board.as_rows:
        if row["protocol_id"] != row["protocol_hash"]:
            text = f"its protocol hash {row['protocol_hash']} is not that of its protocol, {row['protocol_id']}"
            yield about(row, "warning", "edited", text)
        jobs = [job for job in board.jobs.by_row[row["row"]] if job["path"]]
        edited = [f"fold {job['fold']} seed {job['seed']}" for job in jobs if _has_other_id(job["path"])]
        if edited:
            text = f"its id is not that of the job it describes, so it was edited: {first_few(edited, NAMED)}"
            yield about(row, "warning", "edited", text)


def _has_other_id(folder: str) -> bool:
    try:
        job_of(read(Path(folder) / "result.json"))
    except HarnessError:
        return True
    return False
