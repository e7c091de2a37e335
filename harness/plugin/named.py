"""What a job names, looked up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from harness.core.backbone_spec import BackboneSpec
from harness.core.dataset_spec import DatasetSpec
from harness.core.metric import MetricSpec
from harness.core.registered import Registered
from harness.models.spec import MethodSpec
from harness.video.pipeline import Pipeline


@dataclass(frozen=True)
class Named:
    """The specs behind the names of a job, looked up once, so that a job runs without a registry.

    Attributes:
        dataset: of the job.
        method: of the job, with the plugin it came from.
        metrics: every metric, by name: each is a score of the result.
        backbones: every registered backbone, by name; any other name is open_clip's business.
        pipeline: every sampler and augmentation.
    """

    dataset: DatasetSpec
    method: Registered[MethodSpec]
    metrics: Mapping[str, MetricSpec]
    backbones: Mapping[str, Registered[BackboneSpec]]
    pipeline: Pipeline
