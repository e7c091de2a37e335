"""The jobs of a plan, each for one step, in this process."""

from __future__ import annotations

import traceback
from collections.abc import Sequence

from harness.core.events import Say
from harness.core.lazy import quiet_imports
from harness.planning.plan import Plan
from harness.plugin import registry
from harness.system.plugin_code import contained
from harness.system.process_state import settings_kept


def debug_jobs(
    plan: Plan,
    say: Say,
    complain: Say,
) -> Sequence[str]:
    """Take one step and test one batch of every job of a plan, done before or not. Nothing is stored as a result.

    Args:
        plan: whose jobs are looked at.
        say: told what happens.
        complain: told the whole traceback of each job that fails.

    Returns:
        The jobs that failed, as they are called.
    """
    with quiet_imports():
        import torch

        from harness.jobs.debug_job import debug_job
        from harness.system.device import reproducible

    failed = []
    for job in (planned.job for planned in plan.jobs):
        changes: list[str] = []
        try:
            with (
                contained(),
                torch.inference_mode(mode=False),
                reproducible(plan.context.threads),
                settings_kept(changes, job=True),
            ):
                debug_job(
                    job,
                    registry.named(job),
                    plan.context,
                    say,
                )
        except Exception as error:
            failed.append(job.label)
            complain("".join(traceback.format_exception(error)).rstrip())
        if changes:
            say(f"  changed {', '.join(dict.fromkeys(changes))} of the process, which was put back")
    return failed
