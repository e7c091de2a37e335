"""Where jobs run: in this process, or on Ray. Both run the same functions of `harness.execution.worker`."""

from __future__ import annotations

from harness.core.errors import HarnessError
from harness.execution.executors.interface import Executor


def get_executor(name: str) -> Executor:
    """Return the executor of that name; Ray is imported only when it is asked for."""
    if name == "inline":
        from harness.execution.executors.inline import run_inline

        return run_inline
    try:
        from harness.execution.executors.on_ray import run_on_ray
    except ImportError as error:
        raise HarnessError(f"Ray cannot be imported ({error}); use --executor inline") from error
    return run_on_ray
