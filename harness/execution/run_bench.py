"""A bench from request to results: write the demo if it is asked for, plan, run, call the hooks."""

from __future__ import annotations

import copy
import logging
from collections.abc import Iterator, Mapping
from pathlib import Path

from harness.core.context import RunContext
from harness.core.events import Event, EventSink, Say, say_nothing
from harness.core.job import JobSpec
from harness.core.request import Request
from harness.data.places import DEMO_ROOT
from harness.execution.executors import get_executor
from harness.execution.executors.can_start import check_ray
from harness.execution.executors.interface import Finished
from harness.execution.worker import clean_up
from harness.planning.cluster import Cluster
from harness.planning.demo_data import DemoProgress, write_demo
from harness.planning.plan import Plan, make_plan
from harness.plugin import registry
from harness.plugin.failures import failure_of_plugin
from harness.plugin.trackers import load_trackers
from harness.results.status import forget_plans, note_plan
from harness.results.store import Store
from harness.system.plugin_code import contained
from harness.system.process_state import settings_kept

log = logging.getLogger(__name__)

HOOKS = {"started": "job_started", "epoch": "epoch_ended", "finished": "job_finished"}  # event -> hook

NOT_HISTORY = ("event", "job", "epoch_total", "epochs")  # of an epoch's event; the rest is a row of the history


def plan_bench(
    request: Request,
    demo_progress: DemoProgress,
    *,
    dry_run: bool = False,
    say: Say = say_nothing,
) -> Plan:
    """Load the plugins, write demo data where they are missing, and make the plan. Nothing has run after this.

    Each step is said before it is taken, since some take seconds.

    Raises:
        HarnessError: anything that the user has to put right first.
    """
    registry.plugins().add_asked(request.plugin)
    load_trackers(request.trackers)

    def write_data() -> None:
        if request.demo and not dry_run and request.executor == "ray":
            check_ray(Cluster(address=request.address))
        if request.demo and not dry_run:
            Store(request.out).check_writable(make=False)  # the replicas take a while to write
        if request.demo:
            write_demo(request.data_root or DEMO_ROOT, request.datasets, demo_progress, say)

    return make_plan(request, say, write_data)


def run(
    plan: Plan,
    executor: str,
    send: EventSink,
) -> Iterator[Finished]:
    """Run what is to do, and yield each job with its result as it finishes. Hooks are called here, in this process.

    Raises:
        HarnessError: the store cannot be written; said before any work.
    """
    store = Store(Path(plan.context.out))
    if plan.todo:
        store.check_writable()
    if plan.todo and executor == "ray":
        check_ray(plan.cluster)
    for keep in plan.keep if plan.todo else ():
        keep()
    clean_up(plan.context)
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
    clean_up(plan.context)  # after workers that were killed


def _call_hooks(
    event: Event,
    jobs: Mapping[str, JobSpec],
    context: RunContext,
) -> None:
    """Tell plugins. One that fails is logged: a tracker must cost neither a run nor another tracker.

    Each gets copies of its own, and what it changes of the process is put back: jobs may run in this one.
    """
    job = jobs.get(event.get("job", ""))
    if job is None or event["event"] not in HOOKS:
        return
    name = HOOKS[event["event"]]
    row = {key: value for key, value in event.items() if key not in NOT_HISTORY}
    for impl in getattr(registry.plugins().manager.hook, name).get_hookimpls():
        given = {
            "job": copy.deepcopy(job),
            "epoch": copy.deepcopy(row),
            "result": copy.deepcopy(event.get("result")),
            "context": copy.deepcopy(context),
        }
        changes: list[str] = []
        try:
            with contained(), settings_kept(changes):
                impl.function(*[given[argument] for argument in impl.argnames])
        except Exception as error:
            log.error(
                "plugin %s failed in %s: %s",
                impl.plugin_name,
                name,
                failure_of_plugin(error) or repr(error),
            )
        if changes:
            changed = ", ".join(changes)
            log.warning("plugin %s changed %s of the process in %s: put back", impl.plugin_name, changed, name)
