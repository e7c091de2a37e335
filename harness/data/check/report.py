"""The verdict on a dataset: folds with their counts and hashes, and problems."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from harness.core.dataset_spec import Problem


@dataclass(frozen=True)
class PartReport:
    """One part of a fold: clips expected and found (with at least one frame), per class, and the canonical hash."""

    fold: str
    part: str
    expected: int
    found: int
    per_class: Mapping[str, int]  # found
    expected_per_class: Mapping[str, int]
    sha256: str
    official_sha256: str | None
    short: int  # clips with fewer frames than are sampled
    repeated: int  # frames that sampling will repeat in those


@dataclass(frozen=True)
class Report:
    """The report of `harness data check`."""

    dataset: str
    root: str
    demo: bool
    official: bool
    layout: str
    fingerprint: str
    frames: Mapping[str, float] = field(default_factory=dict)  # per clip: min, median, mean, max
    folds: Sequence[PartReport] = ()
    problems: Sequence[Problem] = ()

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong; warnings are not."""
        return not any(problem.level == "error" for problem in self.problems)

    def to_json(self) -> dict[str, Any]:
        """Return plain data."""
        return {"ok": self.ok, **asdict(self)}
