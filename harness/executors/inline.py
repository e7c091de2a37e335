"""One job after another, in this process. A job fills what it needs of the feature cache itself."""

from __future__ import annotations

from collections.abc import Iterator

from harness.events import Send
from harness.executors import Finished
from harness.plan import Plan
from harness.work import execute


def run_inline(plan: Plan, send: Send) -> Iterator[Finished]:
    """Run the plan's jobs in order."""
    for job in plan.todo:
        yield job, execute(job, plan.context, send)
