"""What an executor is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

from harness.core.events import EventSink
from harness.core.job import JobSpec
from harness.planning.plan import Plan

Finished = tuple[JobSpec, dict[str, Any]]


class Executor(Protocol):
    """Part that runs what a plan has to do, and yields each job with its result,
    in the order in which they finish.
    """

    def __call__(
        self,
        plan: Plan,
        send: EventSink,
    ) -> Iterator[Finished]:
        """Run the plan's jobs; events go to `send`."""
