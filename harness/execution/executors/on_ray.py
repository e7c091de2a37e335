"""Jobs as Ray tasks, on this machine or on a cluster."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import ray
from ray.exceptions import RayError

from harness.core.context import RunContext
from harness.core.errors import HarnessError
from harness.core.events import EventSink
from harness.core.job import JobSpec
from harness.execution.claims import Claims
from harness.execution.executors.capacity import Capacity
from harness.execution.executors.dispatch import Dispatcher
from harness.execution.executors.event_queue import Throttled
from harness.execution.executors.interface import Finished
from harness.execution.executors.session import session
from harness.execution.worker import execute, execute_apart, fill_shard
from harness.features.shards import ShardFill
from harness.planning.plan import Plan
from harness.system.shutdown import EXIT_STOPPED, ShutdownRequested, shutdown


def run_on_ray(plan: Plan, send: EventSink) -> Iterator[Finished]:
    """Submit what there is room for, the longest first, and pass on events and results as they come.

    Raises:
        HarnessError: there is no Ray, or it was lost on the way.
    """
    if not plan.todo:
        return
    with session(plan.cluster, plan.context.plugin_files), Claims(plan) as claims:
        capacity = Capacity(plan.cluster, plan.context.threads)
        try:
            yield from Dispatcher(
                plan,
                claims,
                capacity,
                send,
                run=run_task,
                fill=fill_task,
            ).finished()
        except (RayError, ConnectionError) as error:
            raise HarnessError(
                f"Ray was lost: {str(error).strip().splitlines()[0]}; finished results are kept, and the same command "
                f"goes on"
            ) from error


def fill_task(
    fill: ShardFill,
    context: RunContext,
    skip_bad: bool,
    events: Any,
) -> str | None:
    """Fill one shard of the feature cache, on a worker."""
    events.put.remote({"event": "filling", "fill": fill})
    return fill_shard(fill, context, skip_bad=skip_bad)


def run_task(
    job: JobSpec,
    context: RunContext,
    events: Any,
) -> Any:
    """Run a job on a worker. Being cancelled (SIGINT) or preempted (SIGTERM) saves where it stands first.

    Either way the worker then ends. Preempted, its machine is being taken away: the driver sees a lost worker, and
    tries again. Cancelled, it must not reply: Ray has crossed the task off, and aborts the driver on a late result.
    """
    try:
        with shutdown.listen(signal.SIGINT, signal.SIGTERM):
            work = execute_apart if context.collect else execute
            result = work(
                job,
                context,
                Throttled(events.put.remote),
            )
    except ShutdownRequested:
        os._exit(EXIT_STOPPED)
    with suppress(RayError):
        ray.get(events.flush.remote())  # or the driver may see the job end before its last epoch
    return result
