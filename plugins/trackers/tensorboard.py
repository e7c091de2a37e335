"""TensorBoard: one run a job, in `tensorboard/` of the results folder. Look at it with `tensorboard --logdir`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch.utils.tensorboard import SummaryWriter

from harness import JobSpec, RunContext, hookimpl
from harness.plugin import numbers, run_name, settings

_writers: dict[str, SummaryWriter] = {}


@hookimpl
def job_started(job: JobSpec, context: RunContext) -> None:
    """Open the job's run, again if its worker was lost."""
    _close(job)
    writer = _writer(job, context)
    writer.add_text("settings", "\n".join(f"    {name}: {value}" for name, value in settings(job).items()))


@hookimpl
def epoch_ended(
    job: JobSpec,
    epoch: Mapping[str, Any],
    context: RunContext,
) -> None:
    """Log loss, learning rates and validation figures, by stage and epoch."""
    for name, value in numbers(epoch).items():
        if name != "epoch":
            _writer(job, context).add_scalar(
                f"{epoch['stage']}/{name}",
                value,
                epoch["epoch"],
            )


@hookimpl
def job_finished(
    job: JobSpec,
    result: Mapping[str, Any],
    context: RunContext,
) -> None:
    """Log metrics, or the reason of a failure."""
    writer = _writer(job, context)
    for name, value in numbers(result["metrics"]).items():
        writer.add_scalar(f"metrics/{name}", value)
    if result.get("quick"):
        writer.add_text("quick", "no latency and no cost; not ranked")
    if result["error"]:
        writer.add_text("error", result["error"])
    _close(job)


def _writer(job: JobSpec, context: RunContext) -> SummaryWriter:
    if job.id not in _writers:
        folder = Path(context.out) / "tensorboard" / run_name(job)
        _writers[job.id] = SummaryWriter(str(folder))
    return _writers[job.id]


def _close(job: JobSpec) -> None:
    if job.id in _writers:
        _writers.pop(job.id).close()
