"""What came of checking a method: plain data, without torch."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Literal

from harness.core.errors import HarnessError

Verdict = Literal["passed", "failed", "skipped"]

LOAD = "load"  # the check that is made before there are methods


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong with a method.

    Attributes:
        check: name of the check that found it.
        message: the value and the fix.
        place: `file:line` to mend, where it is known.
    """

    check: str
    message: str
    place: str = ""

    def __str__(self) -> str:
        return f"{self.place}: {self.message}" if self.place else self.message


@dataclass(frozen=True)
class Note:
    """A fact about a method that is said and is no failure."""

    text: str


@dataclass(frozen=True)
class CheckResult:
    """Outcome of one check.

    Attributes:
        check: its name.
        verdict: `skipped` where there was nothing to check, or a check before it failed.
        seconds: that it took.
        findings: what is wrong; none unless it failed.
        notes: what is said beside that, and why it was skipped.
    """

    check: str
    verdict: Verdict
    seconds: float
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Report:
    """Results of all checks of one method; `method` is the file where nothing could be loaded from it."""

    method: str
    results: tuple[CheckResult, ...]

    @property
    def ok(self) -> bool:
        """Whether no check failed."""
        return not self.failed

    @property
    def failed(self) -> tuple[str, ...]:
        """Names of the checks that failed."""
        return tuple(result.check for result in self.results if result.verdict == "failed")

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All that is wrong, in the order of the checks."""
        return tuple(finding for result in self.results for finding in result.findings)

    @property
    def seconds(self) -> float:
        """Time that the checks took together."""
        return round(sum(result.seconds for result in self.results), 2)

    def to_json(self) -> dict[str, object]:
        """Return plain data."""
        results = [asdict(result) for result in self.results]
        return {
            "method": self.method,
            "ok": self.ok,
            "seconds": self.seconds,
            "checks": results,
        }


class Unmet(HarnessError):
    """Reason why a check cannot be made: something that it stands on has failed, which `check` tells of."""

    def __init__(self, check: str) -> None:
        super().__init__(f"since {check} failed")
        self.check = check
