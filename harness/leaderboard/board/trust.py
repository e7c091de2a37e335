"""How far the numbers of a row can be trusted: claimed, recomputed from its predictions, or run again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from harness.leaderboard.board.collect import Jobs
from harness.leaderboard.board.evidence import Evidence
from harness.leaderboard.board.objections import REFUTED, UNREADABLE, Objection, Objections
from harness.results.verified import RowAgain, Verification, content_of

CLAIMED = "claimed"  # scores that no stored predictions bear out
RECOMPUTED = "recomputed"  # scores that the stored predictions of all its jobs give
AGAIN = "run again"  # and a sample of its jobs, drawn by whoever verified it, gave the same predictions
LEVELS = ("", CLAIMED, RECOMPUTED, AGAIN)  # the least first; a row without a finished job has none
PREDICTS_OTHERWISE = "its jobs, run again, predict otherwise"


@dataclass(frozen=True)
class RunAgain:
    """Rows that were run again: what verifications say of those that are still as they were then."""

    alike: frozenset[str] = frozenset()
    differs: Mapping[str, str] = field(default_factory=dict)  # by row: in what
    changed: frozenset[str] = frozenset()  # rows of which a file is another one since

    @property
    def objections(self) -> Objections:
        """What stands against rows whose jobs predicted otherwise."""
        return {
            row: [Objection("differs-run-again", PREDICTS_OTHERWISE, f"{PREDICTS_OTHERWISE}: {why}")]
            for row, why in self.differs.items()
        }


def run_again(jobs: Jobs, verifications: Iterable[Verification]) -> RunAgain:
    """Look which rows were run again, and are what they were. Only files of these are read."""
    by_row: dict[str, list[RowAgain]] = {}
    for verification in verifications:
        for row, found in verification["rows"].items():
            if row in jobs.by_row:
                by_row.setdefault(row, []).append(found)
    valid: dict[str, list[RowAgain]] = {}
    for row, of_row in by_row.items():
        content = content_of(job["path"] for job in jobs.by_row[row] if job["status"] == "done")
        valid[row] = [found for found in of_row if found["content"] == content]
    differs = _reasons(valid, "differs")
    return RunAgain(
        frozenset(set(_reasons(valid, "alike")) - set(differs)),
        differs,
        frozenset(row for row in valid if not valid[row]),
    )


def _reasons(found: Mapping[str, Sequence[RowAgain]], outcome: str) -> dict[str, str]:
    """Return the rows of which some verification came to this outcome, and why."""
    reasons = {}
    for row, of_row in found.items():
        for one in of_row:
            if one["outcome"] == outcome:
                reasons[row] = one["reason"]
    return reasons


def levels(
    jobs: Jobs,
    evidence: Evidence,
    objections: Mapping[str, Sequence[Objection]],
    again: RunAgain,
) -> dict[str, str]:
    """Return the level of each row."""
    found = {}
    for row, of_row in jobs.by_row.items():
        done = sum(job["status"] == "done" for job in of_row)
        refuted = any(one.reason in (REFUTED, UNREADABLE) for one in objections.get(row, ()))
        if not done:
            found[row] = ""
        elif refuted or len(evidence.parts.get(row, ())) < done:
            found[row] = CLAIMED
        else:
            found[row] = AGAIN if row in again.alike else RECOMPUTED
    return found


def least(found: Iterable[str]) -> str:
    """Return the level of several rows together: that of the one that is trusted least."""
    return min(found, key=LEVELS.index)
