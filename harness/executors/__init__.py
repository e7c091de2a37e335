"""Where jobs run: in this process, or on Ray. Both run the same functions of `harness.work`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

from harness.errors import HarnessError
from harness.events import Send
from harness.plan import Plan
from harness.specs import JobSpec

Finished = tuple[JobSpec, dict[str, Any]]


class Executor(Protocol):
    """Runs what a plan has to do and yields each job with its result, in the order in which they finish."""

    def __call__(self, plan: Plan, send: Send) -> Iterator[Finished]:
        """Run the plan's jobs; events go to `send`."""


def get_executor(name: str) -> Executor:
    """The executor of that name; Ray is imported only when it is asked for."""
    if name == "inline":
        from harness.executors.inline import run_inline

        return run_inline
    try:
        from harness.executors.on_ray import run_on_ray
    except ImportError as error:
        raise HarnessError(f"Ray cannot be imported ({error}); use --executor inline") from error
    return run_on_ray
