"""A bench from request to results: write the demo if it is asked for, plan, run, call the hooks."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from harness import registry
from harness.demo.replica import is_demo
from harness.errors import HarnessError
from harness.events import Event, Send
from harness.executors import Finished, get_executor
from harness.plan import DEMO_ROOT, Plan, make_plan
from harness.request import Request
from harness.specs import DatasetSpec, JobSpec
from harness.store import Store

log = logging.getLogger(__name__)
DemoProgress = Callable[[str, int, int], None]


def prepare(request: Request, demo_progress: DemoProgress) -> Plan:
    """Load the plugins, write demo data where they are missing, and make the plan. Nothing has run after this.

    Raises:
        HarnessError: anything that the user has to put right first.
    """
    for path in request.plugin:
        registry.plugins().add_file(path)
    if request.demo:
        write_demo(request.data_root or DEMO_ROOT, request.datasets, demo_progress)
    return make_plan(request)


def write_demo(root: Path, names: list[str] | None, progress: DemoProgress) -> list[Path]:
    """Write the synthetic replicas that are not there yet, below `root`. Returns their folders.

    Raises:
        HarnessError: a folder holds data that are not the demo's.
    """
    written = []
    for spec in _demo_specs(names):
        folder = root / spec.folder
        if not is_demo(folder):
            _demo_writer(spec)(
                folder,
                spec.temporal_pairs,
                progress=lambda done, total, name=spec.name: progress(name, done, total),
            )
        written.append(folder)
    return written


def run(plan: Plan, executor: str, send: Send) -> Iterator[Finished]:
    """Run what is to do, and yield each job with its result as it finishes. Hooks are called here, in this process.

    Raises:
        HarnessError: the store cannot be written; said before any work.
    """
    store = Store(Path(plan.context.out))
    store.check_writable()
    store.sweep()
    jobs = {job.id: job for job in plan.todo}

    def observe(event: Event) -> None:
        _call_hooks(event, jobs)
        send(event)

    for job, result in get_executor(executor)(plan, observe):
        observe({"event": "finished", "job": job.id, "result": result})
        yield job, result


def _demo_specs(names: list[str] | None) -> list[DatasetSpec]:
    known = registry.datasets()
    if names is None or names == ["all"]:
        return [spec for spec in known.values() if spec.write_demo]
    specs = [registry.dataset(name) for name in names]
    for spec in specs:
        if not spec.write_demo:
            raise HarnessError(f"dataset {spec.name!r} has no demo replica")
    return specs


def _demo_writer(spec: DatasetSpec) -> Callable[..., None]:
    from importlib import import_module

    module, _, name = spec.write_demo.partition(":")
    writer: Callable[..., None] = getattr(import_module(module), name)
    return writer


def _call_hooks(event: Event, jobs: Mapping[str, JobSpec]) -> None:
    """Tell plugins. One that fails is logged: a tracker must not cost a run."""
    hook = registry.plugins().manager.hook
    job = jobs.get(event.get("job", ""))
    calls: Mapping[str, Callable[[JobSpec], Any]] = {
        "started": lambda job: hook.job_started(job=job),
        "epoch": lambda job: hook.epoch_ended(job=job, epoch=event),
        "finished": lambda job: hook.job_finished(job=job, result=event["result"]),
    }
    if job is None or event["event"] not in calls:
        return
    try:
        calls[event["event"]](job)
    except Exception:
        log.exception("a plugin failed in its %s hook", event["event"])
