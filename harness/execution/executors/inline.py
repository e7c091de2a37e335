"""One job after another, in this process. A job fills what it needs of the feature cache itself."""

from __future__ import annotations

from collections.abc import Iterator

from harness.core.events import EventSink
from harness.execution.claims import Claims
from harness.execution.executors.interface import Finished
from harness.execution.worker import execute, store_failure
from harness.planning.plan import Plan
from harness.system.timeout import JobTimeout, limited


def run_inline(plan: Plan, send: EventSink) -> Iterator[Finished]:
    """Run the plan's jobs in order; those that another driver is at come last."""
    seconds = plan.context.job_timeout
    with Claims(plan) as claims:
        for job, stored in claims.in_turn(plan.todo):
            result = stored
            if result is None:
                claims.started(job.id)
                try:
                    with limited(seconds):
                        result = execute(job, plan.context, send)
                except JobTimeout as error:  # while its result was being written
                    result = store_failure(job, plan.context, str(error))
                claims.release(job)
            yield job, result
