"""A bench from request to results: write the demo if it is asked for, plan, run, call the hooks."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from harness.core.context import RunContext
from harness.core.dataset_spec import DatasetSpec
from harness.core.errors import HarnessError
from harness.core.events import Event, Send
from harness.core.job import JobSpec
from harness.core.lazy import load_object
from harness.core.request import Request
from harness.demo.replica import is_demo
from harness.execution.executors import get_executor
from harness.execution.executors.interface import Finished
from harness.execution.worker import sweep_up
from harness.planning.plan import DEMO_ROOT, Plan, make_plan
from harness.plugin import registry
from harness.plugin.trackers import load_trackers
from harness.results.status import forget_plans, note_plan
from harness.results.store import Store

log = logging.getLogger(__name__)
HOOKS = {"started": "job_started", "epoch": "epoch_ended", "finished": "job_finished"}  # event -> hook
NOT_HISTORY = ("event", "job", "epoch_total", "epochs")  # of an epoch's event; the rest is a row of the history
DemoProgress = Callable[[str, int, int], None]


def prepare(request: Request, demo_progress: DemoProgress, *, dry_run: bool = False) -> Plan:
    """Load the plugins, write demo data where they are missing, and make the plan. Nothing has run after this.

    Raises:
        HarnessError: anything that the user has to put right first.
    """
    for path in request.plugin:
        registry.plugins().add_file(path)
    load_trackers(request.trackers)
    if request.demo:
        if not dry_run:
            Store(request.out).check_writable()  # the replicas take a while to write
        write_demo(request.data_root or DEMO_ROOT, request.datasets, demo_progress)
    return make_plan(request)


def write_demo(root: Path, names: list[str] | None, progress: DemoProgress) -> list[Path]:
    """Write the synthetic replicas that are not there yet, below `root`. Returns their folders.

    Raises:
        HarnessError: a folder holds data that are not the demo's.
    """
    written = []
    for spec in demo_specs(names):
        folder = root / spec.folder
        if not is_demo(folder):
            load_object(spec.write_demo)(
                folder,
                spec.temporal_pairs,
                progress=lambda done, total, name=spec.name: progress(name, done, total),
            )
        written.append(folder)
    return written


def draw_sheet(path: Path, names: list[str] | None) -> None:
    """Write a contact sheet of every class and temporal pair of the demo, as a PNG."""
    from harness.demo.sheet import write_sheet

    specs = demo_specs(names)
    classes = dict.fromkeys(name for spec in specs for name in spec.class_names)
    pairs = dict.fromkeys(pair for spec in specs for pair in spec.temporal_pairs)
    write_sheet(path, list(classes), list(pairs))


def run(plan: Plan, executor: str, send: Send) -> Iterator[Finished]:
    """Run what is to do, and yield each job with its result as it finishes. Hooks are called here, in this process.

    Raises:
        HarnessError: the store cannot be written; said before any work.
    """
    store = Store(Path(plan.context.out))
    if plan.todo:
        store.check_writable()
    sweep_up(plan.context)
    if not plan.todo:
        forget_plans(store.root)  # of a driver that was killed between its last result and its end
        return
    note_plan(store.root, (planned.job for planned in plan.jobs))
    jobs = {job.id: job for job in plan.todo}

    def observe(event: Event) -> None:
        _call_hooks(event, jobs, plan.context)
        send(event)

    for job, result in get_executor(executor)(plan, observe):
        observe({"event": "finished", "job": job.id, "result": result})
        yield job, result
    forget_plans(store.root)
    sweep_up(plan.context)  # after workers that were killed


def demo_specs(names: list[str] | None) -> list[DatasetSpec]:
    """The datasets of these names, or all, that a replica can be written of. Raises: HarnessError for another."""
    known = registry.datasets()
    if names is None or names == ["all"]:
        return [spec for spec in known.values() if spec.write_demo]
    specs = [registry.dataset(name) for name in names]
    for spec in specs:
        if not spec.write_demo:
            raise HarnessError(f"dataset {spec.name!r} has no demo replica")
    return specs


def _call_hooks(event: Event, jobs: Mapping[str, JobSpec], context: RunContext) -> None:
    """Tell plugins. One that fails is logged: a tracker must cost neither a run nor another tracker."""
    job = jobs.get(event.get("job", ""))
    if job is None or event["event"] not in HOOKS:
        return
    name = HOOKS[event["event"]]
    row = {key: value for key, value in event.items() if key not in NOT_HISTORY}
    given = {"job": job, "epoch": row, "result": event.get("result"), "context": context}
    for impl in getattr(registry.plugins().manager.hook, name).get_hookimpls():
        try:
            impl.function(*[given[argument] for argument in impl.argnames])
        except (Exception, SystemExit):
            log.exception("plugin %s failed in %s", impl.plugin_name, name)
