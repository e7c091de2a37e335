"""Run stored jobs again, into a folder of their own, with the threads that they were made with."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from harness.analysis.select import RunPlaces, context_of
from harness.core.context import RunContext
from harness.core.errors import HarnessError
from harness.core.events import EventSink
from harness.core.job import JobSpec
from harness.core.text import first_line
from harness.data.places import dataset_place
from harness.execution import run_bench
from harness.jobs.load import forget_datasets
from harness.planning.plan import Plan, look_up
from harness.plugin import registry
from harness.results.records import job_of
from harness.results.store import Store

Progress = Callable[[Plan], AbstractContextManager[EventSink]]


@dataclass(frozen=True)
class Again:
    """The second run of a job: its result with its folder, or why there is none."""

    result: Mapping[str, Any] | None
    reason: str = ""


def run_again(
    results: Iterable[Mapping[str, Any]],
    where: RunPlaces,
    out: Path,
    executor: str,
    progress: Progress,
) -> dict[str, Again]:
    """Run the jobs of these results again, each once, and return what came of each by its id.

    One that the folder holds already, by the plugin as it is now, is not run again.

    Raises:
        HarnessError: the folder cannot be written.
    """
    forget_datasets()  # a process may have read them before they changed
    found: dict[str, Again] = {}
    groups: dict[tuple[int, bool], list[tuple[JobSpec, RunContext]]] = {}
    for result in results:
        try:
            job, context = _prepared(result, where, out)
        except HarnessError as error:
            found[result["id"]] = Again(None, first_line(error))
            continue
        groups.setdefault((context.threads, context.compile), []).append((job, context))
    store = Store(out)
    for members in groups.values():
        plan = _plan(members, store)
        with progress(plan) as send:
            for _ in run_bench.run(plan, executor, send):
                pass
        found |= {job.id: _outcome(store, job) for job, _ in members}
    return found


def _prepared(
    result: Mapping[str, Any],
    where: RunPlaces,
    out: Path,
) -> tuple[JobSpec, RunContext]:
    """Return the job of a result, and where its data and its backbone are. Raises: HarnessError where it cannot run."""
    job = job_of(result)
    registry.method(job.method)
    context = context_of(result, where)
    if job.dataset not in context.data_roots:
        dataset_place(
            registry.dataset(job.dataset),
            where.data_root,
            where.layouts.get(job.dataset, ""),
        )  # says how to name it
    made = result.get("provenance") or {}
    return job, replace(
        context,
        out=str(out.resolve()),
        code=registry.running_code(),
        plugin_files=tuple(str(path) for path in registry.plugins().files),
        threads=int(made.get("threads") or 1),
        compile=bool(made.get("compile")),
        quick=True,  # what a job costs is no part of what it predicts
    )


def _plan(members: Sequence[tuple[JobSpec, RunContext]], store: Store) -> Plan:
    """Return the jobs as a plan; their contexts differ in places only, which are put together."""
    planned = look_up(
        (job for job, _ in members),
        store,
        store.summaries(),
    )
    first = members[0][1]
    context = replace(
        first,
        data_roots=dict(_merged(context.data_roots for _, context in members)),
        layouts=dict(_merged(context.layouts for _, context in members)),
        backbones=dict(_merged(context.backbones for _, context in members)),
    )
    todo = [one.job for one in planned if one.state not in ("done", "quick")]
    return Plan(planned, todo, [], context)


def _merged(parts: Iterable[Mapping[str, str]]) -> Iterator[tuple[str, str]]:
    for part in parts:
        yield from part.items()


def _outcome(store: Store, job: JobSpec) -> Again:
    result = store.located(job)
    if result is None:
        return Again(None, "it was not run")
    return Again(result) if result["status"] == "done" else Again(None, first_line(result["error"]))
