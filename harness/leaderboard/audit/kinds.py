"""Findings grouped by kind, so that a terminal shows what there is before it shows each of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.leaderboard.audit.finding import Finding, Level

NAMED = 3  # rows of a kind
LONGEST = 110  # characters of a message that is no error
MORE = "\N{HORIZONTAL ELLIPSIS}"


@dataclass(frozen=True)
class Kind:
    """All findings of one level and code, in the order in which they were found."""

    level: Level
    code: str
    findings: tuple[Finding, ...]

    @property
    def datasets(self) -> str:
        """The datasets that it is about."""
        return ", ".join(dict.fromkeys(finding.dataset for finding in self.findings))

    @property
    def rows(self) -> str:
        """The first rows that it is about; the others are counted."""
        names = list(dict.fromkeys(finding.name for finding in self.findings))
        more = [f"{len(names) - NAMED} more"] * (len(names) > NAMED)
        return "; ".join([*names[:NAMED], *more])  # names hold commas

    @property
    def example(self) -> str:
        """The first message; an error's is whole, any other is cut where it is long."""
        text = self.findings[0].message
        return text if self.level == "error" or len(text) <= LONGEST else text[: LONGEST - 1] + MORE


def by_kind(found: Sequence[Finding]) -> list[Kind]:
    """Group findings, kinds in the order of their first finding: the gravest first, as `audit` gives them."""
    groups: dict[tuple[Level, str], list[Finding]] = {}
    for finding in found:
        groups.setdefault((finding.level, finding.code), []).append(finding)
    return [
        Kind(
            level,
            code,
            tuple(members),
        )
        for (level, code), members in groups.items()
    ]
