"""Look up what a job names: its dataset, its backbone and its method, each once a process where that is possible."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from harness.core.backbone_spec import BackboneId
from harness.core.context import RunContext
from harness.core.errors import BadData, HarnessError
from harness.core.job import JobSpec
from harness.data.dataset import Dataset, open_dataset
from harness.features.cache import FeatureCache
from harness.models import backbone as backbones
from harness.models import weights
from harness.models.method import Method, Task
from harness.plugin import registry
from harness.system.device import pick_device, reproducible

if TYPE_CHECKING:
    from harness.features.shards import ShardFill


def load_dataset(name: str, fingerprint: str, context: RunContext) -> Dataset:
    """A dataset as it was planned with. What this process read for an earlier run is read again if need be.

    Raises:
        BadData: it is not the one that was planned with.
    """
    place = (name, context.data_roots[name], context.layouts.get(name, ""), context.cache)
    if opened(*place).fingerprint != fingerprint:
        opened.cache_clear()
    dataset = opened(*place)
    if dataset.fingerprint != fingerprint:
        raise BadData(f"{dataset.root} changed after the run was planned; start the run again")
    return dataset


@lru_cache(maxsize=8)
def opened(
    name: str,
    root: str,
    layout: str,
    cache: str,
) -> Dataset:
    """A dataset, read once a process."""
    return open_dataset(
        registry.dataset(name),
        Path(root),
        Path(cache),
        layout,
    )


def load_backbone(
    planned: BackboneId,
    context: RunContext,
    device: torch.device,
) -> backbones.Backbone:
    """The run's backbone on a device. Raises: HarnessError if its weights are not the ones planned with."""
    source = weights.resolve(context.backbone, registry.backbones())
    if source.id != planned:
        raise HarnessError(f"weights of {context.backbone} changed after the run was planned; start the run again")
    backbone = backbones.load(source)
    backbone.model.to(device)
    return backbone


def build_method(job: JobSpec, task: Task) -> Method:
    """The method's module, by the plugin's `build`."""
    return registry.method(job.method).spec.construct(task, job.options)


def fill_cache(
    fill: ShardFill,
    context: RunContext,
    *,
    skip_bad: bool,
) -> None:
    """Encode one shard of the feature cache, with the same threads as a job would.

    Raises:
        HarnessError: the dataset or the weights changed since the plan, or a clip cannot be read.
    """
    dataset = load_dataset(fill.dataset, fill.fingerprint, context)
    backbone = load_backbone(fill.view.backbone, context, pick_device())
    with reproducible(context.threads):
        cache = FeatureCache(Path(context.cache) / "features")
        cache.ensure(
            dataset,
            fill.view,
            fill.shard,
            backbone,
            skip_bad=skip_bad,
        )
