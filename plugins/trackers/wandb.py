"""Weights & Biases: one run a job, in `wandb/` of the results folder. Without a login set WANDB_MODE=offline."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import wandb

from harness import JobSpec, RunContext, hookimpl
from harness.plugin import numbers, run_name, settings

PROJECT = "dfer-harness"
_runs: dict[str, Any] = {}


@hookimpl
def job_started(job: JobSpec, context: RunContext) -> None:
    """Open the job's run; one whose worker was lost goes on."""
    _run(job, context)


@hookimpl
def epoch_ended(
    job: JobSpec,
    epoch: Mapping[str, Any],
    context: RunContext,
) -> None:
    """Log loss, learning rates and validation figures, by stage and epoch."""
    run = _run(job, context)
    run.log({f"{epoch['stage']}/{name}": value for name, value in numbers(epoch).items()})


@hookimpl
def job_finished(
    job: JobSpec,
    result: Mapping[str, Any],
    context: RunContext,
) -> None:
    """Log metrics, or the reason of a failure."""
    run = _run(job, context)
    run.summary.update({**numbers(result["metrics"]), "status": result["status"], "error": result["error"]})
    run.summary.update({"quick": bool(result.get("quick"))})
    run.finish(exit_code=0 if result["status"] == "done" else 1)
    del _runs[job.id]


def _run(job: JobSpec, context: RunContext) -> Any:
    if job.id not in _runs:
        _runs[job.id] = wandb.init(
            project=PROJECT,
            name=run_name(job),
            config=settings(job),
            dir=context.out,
            reinit="create_new",  # several jobs run at a time
        )
    return _runs[job.id]
