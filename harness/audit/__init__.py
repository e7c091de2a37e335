"""What a referee would ask of stored results: `audit` answers with findings, each naming its row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.audit import clips, files, identity, protocols, rows
from harness.audit.finding import Finding
from harness.leaderboard.aggregate import Board
from harness.models.spec import MethodSpec
from harness.registered import Registered

__all__ = ["Finding", "audit"]
ORDER = ("error", "warning", "note")


def audit(board: Board, methods: Mapping[str, Registered[MethodSpec]]) -> list[Finding]:
    """All findings, the gravest first.

    Args: a board whose predictions were read, and the methods as they are registered now.
    """
    found = [
        *files.findings(board),
        *identity.findings(board),
        *rows.findings(board),
        *rows.outdated(board, methods),
        *clips.findings(board),
        *protocols.findings(board),
    ]
    return sorted(found, key=lambda finding: ORDER.index(finding.level))


def as_json(found: list[Finding]) -> list[dict[str, Any]]:
    """Plain data of findings."""
    return [vars(finding) for finding in found]
