"""Several drivers on one store: each job is taken by one of them, and the others wait for its result."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from harness.core.errors import HarnessError
from harness.core.job import JobSpec
from harness.results.status import AT_WORK
from harness.results.store import Store
from harness.system.shutdown import shutdown

if TYPE_CHECKING:
    from harness.planning.plan import Plan


WAIT_SECONDS = 0.5

Claim = Literal["ours", "elsewhere", "finished"]


class Claims:
    """The jobs of a plan that this driver holds. A context: leaving it gives all of them back."""

    def __init__(self, plan: Plan) -> None:
        self.store = Store(Path(plan.context.out))
        self.quick = plan.context.quick
        self.stamps = {planned.job.id: planned.stamp for planned in plan.jobs}

    def __enter__(self) -> Claims:
        return self

    def __exit__(self, *details: object) -> None:
        self.store.leases.close()

    def take(self, job: JobSpec) -> Claim:
        """Take a job, unless another driver is at it, or has finished it since this run was planned."""
        if not self.store.leases.acquire(job.id):
            return "elsewhere"
        if self.result(job) is None:
            return "ours"
        self.store.leases.release(job.id)
        return "finished"

    def started(self, job_id: str) -> None:
        """Note that a worker is at the job now: until then it only waits for one."""
        with suppress(HarnessError):  # only for the progress display
            self.store.leases.acquire(AT_WORK + job_id)

    def waits(self, job: JobSpec) -> None:
        """Note that the job's worker was lost; it waits for another."""
        self.store.leases.release(AT_WORK + job.id)

    def release(self, job: JobSpec) -> None:
        """Give the job back: it is over."""
        self.waits(job)
        self.store.leases.release(job.id)

    def result(self, job: JobSpec) -> dict[str, Any] | None:
        """Return the result of a job if it was stored since this run was planned, and serves it."""
        summary = self.store.summary(job)
        if summary is None or summary.status == "broken" or summary.stamp == self.stamps.get(job.id):
            return None
        if summary.quick and not self.quick:
            return None
        return self.store.result(job)

    def in_turn(self, jobs: Iterable[JobSpec]) -> Iterator[tuple[JobSpec, dict[str, Any] | None]]:
        """Yield each job that is ours now with None, and each that another driver finished with its result."""
        queue, passed = deque(jobs), 0
        while queue:
            job = queue.popleft()
            taken = self.take(job)
            if taken == "elsewhere":
                queue.append(job)
                passed += 1
                if passed >= len(queue):  # all that is left is with others
                    shutdown.check()
                    time.sleep(WAIT_SECONDS)
                continue
            passed = 0
            yield job, self.result(job) if taken == "finished" else None
