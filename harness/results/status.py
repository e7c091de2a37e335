"""Every job that a store knows of, and how it stands: told by the content of files, never by a folder's existence."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic_core import from_json

from harness.core.digest import digest
from harness.core.job import JobSpec
from harness.results.folders import LeftOut
from harness.results.summary import ResultSummary, all_summaries
from harness.system.files import write_atomically
from harness.system.leases import Leases
from harness.system.regular import MB, read_regular

PLANS = ".plans"
JobState = Literal["planned", "running", "done", "quick", "failed", "stale"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One job."""

    id: str
    dataset: str
    row: str
    state: JobState


def note_plan(root: Path, jobs: Iterable[JobSpec]) -> None:
    """Write down what is to be done, so that `harness status` can tell. The same plan is written once."""
    rows = [[job.id, job.dataset, job.row] for job in jobs]
    path = root / PLANS / f"{digest(rows)}.json"
    write_atomically(path, lambda draft: draft.write_text(json.dumps(rows), encoding="utf-8"))


def forget_plans(root: Path) -> None:
    """Remove the plans all of whose jobs have their result."""
    plans = list((root / PLANS).glob("*.json"))
    stored = {summary.id for summary in all_summaries(root) if summary.status != "broken"} if plans else set()
    for path in plans:
        if all(job_id in stored for job_id, _, _ in _read(path)):
            with suppress(OSError):  # a folder in a plan's place
                path.unlink(missing_ok=True)


def job_states(
    root: Path,
    sources: Mapping[str, str],
    left_out: LeftOut | None = None,
) -> Iterator[Entry]:
    """Yield stored jobs in order of their paths, then those that some run still has to do.

    Args:
        root: of the store.
        sources: method -> hash of its plugin's source, by which a result is stale.
        left_out: where the path and reason of each damaged file is added.
    """
    at_work = running(root)
    stored: dict[str, Entry] = {}
    for summary in all_summaries(root, left_out):
        stored[summary.id] = Entry(
            summary.id,
            summary.dataset,
            summary.row,
            _state(summary, at_work, sources),
        )
    yield from stored.values()
    for job_id, dataset, row in _planned(root):
        if job_id not in stored:
            stored[job_id] = Entry(
                job_id,
                dataset,
                row,
                "running" if job_id in at_work else "planned",
            )
            yield stored[job_id]


def _state(
    summary: ResultSummary,
    running: Iterable[str],
    sources: Mapping[str, str],
) -> JobState:
    if summary.id in running:
        return "running"
    if summary.status == "broken":
        return "planned"  # the next run makes it again
    if sources.get(summary.method, summary.source_sha256) != summary.source_sha256:
        return "stale"  # of a plugin that is not loaded here, nothing is known
    return "quick" if summary.quick and summary.status == "done" else summary.status


def _planned(root: Path) -> Iterator[tuple[str, str, str]]:
    for path in sorted((root / PLANS).glob("*.json")):
        yield from _read(path)


LARGEST_PLAN = 64 * MB  # bytes: a hundred thousand jobs have ten million


def _read(path: Path) -> list[tuple[str, str, str]]:
    try:
        rows: list[Any] = from_json(read_regular(path, LARGEST_PLAN))
        return [(str(job_id), str(dataset), str(row)) for job_id, dataset, row in rows]
    except (OSError, ValueError, TypeError):
        return []  # it is only a note


AT_WORK = "running-"  # before the id of a job: the lease that says that its worker has started


def running(root: Path) -> set[str]:
    """Return the ids of the jobs that some driver's worker is at."""
    return {name.removeprefix(AT_WORK) for name in Leases(root).live() if name.startswith(AT_WORK)}
