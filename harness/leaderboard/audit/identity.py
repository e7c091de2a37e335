"""Whether a result is the one that its id and its protocol hash stand for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from harness.core.errors import HarnessError
from harness.core.text import first_few
from harness.leaderboard.audit.finding import Finding, Level, about
from harness.leaderboard.board.board import Board
from harness.leaderboard.board.protocols import shown
from harness.results.records import job_of
from harness.results.store import read

NAMED = 3


def findings(board: Board) -> Iterator[Finding]:
    """Yield rows whose protocol has another hash than they say,
    and results that were edited after they were written.
    """
    for row in board.as_rows:
        if row["protocol_id"] != row["protocol_hash"]:
            text = f"its protocol hash {row['protocol_hash']} is not that of its protocol, {row['protocol_id']}"
            yield about(row, "warning", "edited", text)
        said: dict[tuple[Level, str, str], list[str]] = {}
        for job in board.jobs.by_row[row["row"]]:
            for fault in _faults(read(Path(job["path"]) / "result.json")) if job["path"] else ():
                said.setdefault(fault, []).append(f"fold {job['fold']} seed {job['seed']}")
        for (level, code, text), where in said.items():
            yield about(row, level, code, f"{text}: {first_few(where, NAMED)}")


def _faults(result: Mapping[str, Any]) -> Iterator[tuple[Level, str, str]]:
    """Yield level, code and text of what in a result contradicts the rest of it."""
    try:
        job_of(result)
    except HarnessError:
        yield "warning", "edited", "its id is not that of the job it describes, so it was edited"
    protocol = result["protocol"]
    for name in ("selection", "classes"):
        if result.get(name, protocol[name]) != protocol[name]:
            yield "error", "edited", f"its {name} {shown(result[name])} is not that of its protocol"
    if protocol["selection"] != "oracle" and result.get("metrics_last"):
        text = f"selection {protocol['selection']}, but scores of the last epoch beside those of another, as an oracle"
        yield "error", "test-data-seen", text
