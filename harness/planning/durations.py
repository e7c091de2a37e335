"""How long jobs will take, learnt from results already stored."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from math import inf
from statistics import median

from harness.core.job import JobSpec
from harness.results.summary import ResultSummary


def estimates(jobs: Iterable[JobSpec], summaries: Iterable[ResultSummary]) -> dict[str, float]:
    """Return job id -> seconds: the median of its row on its dataset, else of its row anywhere, else infinity.

    What nobody has seen yet counts as the longest, since starting a long job last is the costlier mistake.
    """
    seen: dict[tuple[str, ...], list[float]] = defaultdict(list)
    for summary in summaries:
        if summary.status == "done" and summary.seconds > 0:
            seen[summary.row, summary.dataset].append(summary.seconds)
            seen[(summary.row,)].append(summary.seconds)
    known = {key: median(seconds) for key, seconds in seen.items()}
    seconds = {}
    for job in jobs:
        anywhere = known.get((job.row,), inf)
        seconds[job.id] = known.get((job.row, job.dataset), anywhere)
    return seconds
