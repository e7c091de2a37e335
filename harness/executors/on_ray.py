"""Jobs as Ray tasks, on this machine or on the cluster that RAY_ADDRESS names.

Shards of the feature cache are filled first, each by one task; a job is submitted with the shards it waits for as
arguments, so Ray starts it as soon as they are there.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import ray

from harness.events import Send
from harness.executors import Finished
from harness.executors.mailbox import Mailbox, Throttled
from harness.plan import Fill, Plan
from harness.specs import JobSpec
from harness.work import execute, fill_shard, store_failure

POLL_SECONDS = 0.2
RETRIES = 1  # for a node that was lost; a job that kills its worker will do so again
STORE_BYTES = 200_000_000  # results are small and features travel by file


def run_on_ray(plan: Plan, send: Send) -> Iterator[Finished]:
    """Submit everything, then pass on events and results as they come."""
    if not plan.todo:
        return
    with _session():
        mailbox = ray.remote(Mailbox).options(num_cpus=0).remote()
        fills, jobs = _submit(plan, mailbox)
        waiting: list[ray.ObjectRef[Any]] = [*fills.values(), *jobs]
        filled = set(fills.values())
        while waiting:
            ready, waiting = ray.wait(waiting, num_returns=1, timeout=POLL_SECONDS)
            for event in ray.get(mailbox.drain.remote()):
                send(event)
            for ref in ready:
                if ref in filled:
                    send({"event": "fill"})
                else:
                    yield jobs[ref], _result(ref, jobs[ref], plan)


def _submit(plan: Plan, mailbox: Any) -> tuple[dict[Fill, Any], dict[Any, JobSpec]]:
    resources = {"num_cpus": _cpus(plan.context.threads), "num_gpus": 1 if ray.cluster_resources().get("GPU") else 0}
    fill = ray.remote(_fill).options(max_retries=RETRIES, **resources)
    run = ray.remote(_run).options(max_retries=RETRIES, **resources)
    context = ray.put(plan.context)
    skip = {job.id for job in plan.todo if job.on_bad_sample == "skip"}
    fills = {f: fill.remote(f, context, bool(skip.intersection(ids))) for f, ids in plan.fills.items()}
    needs: dict[str, list[Any]] = {job.id: [] for job in plan.todo}
    for shard, ids in plan.fills.items():
        for job_id in ids:
            needs[job_id].append(fills[shard])
    return fills, {run.remote(job, context, mailbox, *needs[job.id]): job for job in plan.todo}


def _cpus(threads: int) -> int:
    """The cores to ask for. A task that asks for more than any node has would wait for ever."""
    most = max(int(node["Resources"].get("CPU", 0)) for node in ray.nodes() if node["Alive"])
    return min(threads, most)


def _fill(fill: Fill, context: Any, skip_bad: bool) -> str | None:
    return fill_shard(fill, context, skip_bad=skip_bad)


def _run(job: JobSpec, context: Any, mailbox: Any, *filled: Any) -> dict[str, Any]:
    result = execute(job, context, Throttled(mailbox.put.remote))
    ray.get(mailbox.flush.remote())  # or the driver may see the job end before its last epoch
    return result


def _result(ref: Any, job: JobSpec, plan: Plan) -> dict[str, Any]:
    """The job's result; a dead worker or a lost file system becomes a failed row with its reason."""
    try:
        result: dict[str, Any] = ray.get(ref)
    except ray.exceptions.RayError as error:
        reason = str(getattr(error, "cause", None) or error).strip()
        return store_failure(job, plan.context, f"{type(error).__name__}: {reason}")
    return result


@contextmanager
def _session() -> Iterator[None]:
    """A Ray session of our own, or the one that is there."""
    if ray.is_initialized():
        yield
        return
    local: dict[str, Any] = (
        {}
        if os.environ.get("RAY_ADDRESS")
        else {"address": "local", "num_cpus": os.cpu_count(), "object_store_memory": STORE_BYTES}
    )
    ray.init(include_dashboard=False, log_to_driver=False, logging_level="ERROR", **local)
    try:
        yield
    finally:
        ray.shutdown()
