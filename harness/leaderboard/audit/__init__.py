"""What a referee would ask of stored results: `audit` answers with findings, each naming its row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.core.registered import Registered
from harness.leaderboard.audit import clip_findings, files, identity, protocols, rows, trust
from harness.leaderboard.audit.finding import Finding, damaged, error
from harness.leaderboard.board.board import Board
from harness.models.spec import MethodSpec

__all__ = ["Finding", "audit"]
ORDER = ("error", "warning", "note")


def audit(board: Board, methods: Mapping[str, Registered[MethodSpec]]) -> list[Finding]:
    """Return all findings, the gravest first.

    Args: a board whose predictions were read, and the methods as they are registered now.
    """
    errors = [damaged(path, why) for path, why in board.left_out.items()]
    errors += [error(row, one) for row in board.as_rows for one in board.objections.get(row["row"], ())]
    found = [
        *errors,
        *files.findings(board),
        *identity.findings(board),
        *rows.findings(board),
        *rows.outdated(board, methods),
        *clip_findings.findings(board),
        *protocols.findings(board),
        *trust.findings(board),
    ]
    return sorted(found, key=lambda finding: ORDER.index(finding.level))


def as_json(found: list[Finding]) -> list[dict[str, Any]]:
    """Return plain data of findings."""
    return [vars(finding) for finding in found]
