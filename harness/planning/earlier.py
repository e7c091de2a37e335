"""Results of before contents were hashed: their data were known by names and sizes, so their jobs had other ids."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from harness.core.job import JobSpec
from harness.data.dataset import Dataset
from harness.results.store import Store
from harness.results.summary import ResultSummary


def earlier_jobs(
    jobs: Sequence[JobSpec],
    datasets: Mapping[str, Dataset],
    store: Store,
    summaries: Mapping[str, ResultSummary],
) -> dict[str, JobSpec]:
    """Return, by the id of a job that has no result, the job of before that has one.

    Whether a frame was rewritten since at its old size, such a result cannot tell.
    """
    if not summaries:
        return {}
    found = {}
    for job in jobs:
        earlier = replace(job, fingerprint=datasets[job.dataset].earlier_fingerprint)
        if str(store.folder(job)) in summaries:
            continue
        summary = summaries.get(str(store.folder(earlier)))
        if summary is not None and summary.status == "done" and not summary.quick:
            found[job.id] = earlier
    return found


def earlier_note(count: int, kept: bool) -> str:
    """Say what becomes of such results."""
    what = f"{count} stored results are of data that were known by names and sizes only, not by their contents"
    return f"{what}: kept, since --keep-stale says so" if kept else f"{what}: run again; --keep-stale keeps them"
