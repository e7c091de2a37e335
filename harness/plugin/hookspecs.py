"""Every hook a plugin may implement. Plugins return specs; the harness does the rest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pluggy

from harness.core.backbone_spec import BackboneSpec
from harness.core.context import RunContext
from harness.core.dataset_spec import DatasetSpec
from harness.core.job import JobSpec
from harness.core.metric import MetricSpec
from harness.core.sampler_spec import AugmentationSpec, SamplerSpec
from harness.models.spec import MethodSpec
from harness.plugin.specs import AnalysisSpec, StudySpec

NAMESPACE = "harness"

hookspec = pluggy.HookspecMarker(NAMESPACE)
hookimpl = pluggy.HookimplMarker(NAMESPACE)


@hookspec
def register_datasets() -> Iterable[DatasetSpec]:  # type: ignore[empty-body]
    """Return the datasets this plugin offers."""


@hookspec
def register_methods() -> Iterable[MethodSpec]:  # type: ignore[empty-body]
    """Return the methods this plugin offers."""


@hookspec
def register_metrics() -> Iterable[MetricSpec]:  # type: ignore[empty-body]
    """Return the metrics this plugin offers."""


@hookspec
def register_backbones() -> Iterable[BackboneSpec]:  # type: ignore[empty-body]
    """Return the backbones this plugin offers."""


@hookspec
def register_samplers() -> Iterable[SamplerSpec]:  # type: ignore[empty-body]
    """Return the frame samplers this plugin offers."""


@hookspec
def register_augmentations() -> Iterable[AugmentationSpec]:  # type: ignore[empty-body]
    """Return the augmentations this plugin offers."""


@hookspec
def register_studies() -> Iterable[StudySpec]:  # type: ignore[empty-body]
    """Return the studies this plugin offers: printed tables, to be run."""


@hookspec
def register_analyses() -> Iterable[AnalysisSpec]:  # type: ignore[empty-body]
    """Return the analyses of finished runs this plugin offers."""


@hookspec
def job_started(job: JobSpec, context: RunContext) -> None:
    """Follow a job that starts on a worker. Called in the main process; `context` says where the run keeps things."""


@hookspec
def epoch_ended(
    job: JobSpec,
    epoch: Mapping[str, Any],
    context: RunContext,
) -> None:
    """Follow an epoch that has ended. Called in the main process; `epoch` is one row of `history.parquet`."""


@hookspec
def job_finished(
    job: JobSpec,
    result: Mapping[str, Any],
    context: RunContext,
) -> None:
    """Follow a job that has ended, failed or not. Called in the main process, once per job;
    `result` is its `result.json`.
    """
