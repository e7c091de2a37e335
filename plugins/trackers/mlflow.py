"""MLflow: one run a job, at MLFLOW_TRACKING_URI, or else in files in `mlruns/` of the results folder."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlflow import MlflowClient

from harness import JobSpec, RunContext, hookimpl
from harness.plugin import numbers, run_name, settings

EXPERIMENT = "dfer-harness"
_runs: dict[str, str] = {}  # job id -> run id


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
    for name, value in numbers(epoch).items():
        if name != "epoch":
            _client(context).log_metric(
                _run(job, context),
                f"{epoch['stage']}/{name}",
                value,
                step=epoch["epoch"],
            )


@hookimpl
def job_finished(
    job: JobSpec,
    result: Mapping[str, Any],
    context: RunContext,
) -> None:
    """Log metrics, or the reason of a failure."""
    client, run = _client(context), _run(job, context)
    for name, value in numbers(result["metrics"]).items():
        client.log_metric(run, name, value)
    if result.get("quick"):
        client.set_tag(run, "quick", "true")
    if result["error"]:
        client.set_tag(run, "error", result["error"])
    client.set_terminated(run, "FINISHED" if result["status"] == "done" else "FAILED")
    del _runs[job.id]


def _client(context: RunContext) -> MlflowClient:
    if os.environ.get("MLFLOW_TRACKING_URI"):
        return MlflowClient()
    os.environ.setdefault("MLFLOW_ALLOW_FILE_STORE", "true")  # a database needs more than the slim package
    return MlflowClient(tracking_uri=(Path(context.out) / "mlruns").as_uri())


def _run(job: JobSpec, context: RunContext) -> str:
    if job.id not in _runs:
        client = _client(context)
        known = client.get_experiment_by_name(EXPERIMENT)
        experiment = known.experiment_id if known else client.create_experiment(EXPERIMENT)
        run = client.create_run(
            experiment,
            run_name=run_name(job),
            tags={"job": job.id},
        )
        _runs[job.id] = str(run.info.run_id)
        for name, value in settings(job).items():
            client.log_param(_runs[job.id], name, value)
    return _runs[job.id]
