"""Open what a job runs on: its dataset, read once a process, and its backbone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from harness.core.backbone_spec import BackboneId, BackboneSpec
from harness.core.context import RunContext
from harness.core.dataset_spec import DatasetSpec
from harness.core.errors import BadData, HarnessError
from harness.core.registered import Registered
from harness.core.weights_spec import GIVEN
from harness.data.dataset import Dataset, open_dataset
from harness.features.cache import FeatureCache
from harness.features.selections import Selections
from harness.models import backbone as backbones
from harness.models import weights
from harness.models.own_weights import OwnWeights
from harness.models.public_weights import GivenWeights
from harness.models.spec import MethodSpec
from harness.models.weights_files import fetch, file_sha256, weights_folder
from harness.system.device import pick_device, reproducible
from harness.video.pipeline import Pipeline

if TYPE_CHECKING:
    from harness.features.shards import ShardFill

_read: dict[tuple[str, str, str, str], Dataset] = {}  # of this process: reading lists and counting frames takes long


def open_dataset_as_planned(
    spec: DatasetSpec,
    fingerprint: str,
    context: RunContext,
) -> Dataset:
    """Open a dataset as it was planned with. What this process read for an earlier run is read again if need be.

    Raises:
        BadData: it is not the one that was planned with.
    """
    place = (spec.name, context.data_roots[spec.name], context.layouts.get(spec.name, ""), context.cache)
    dataset = _read.get(place)
    if dataset is None or not dataset.is_known_as(fingerprint):
        _, root, layout, cache = place
        dataset = _read[place] = open_dataset(
            spec,
            Path(root),
            Path(cache),
            layout,
        )
    if not dataset.is_known_as(fingerprint):
        raise BadData(f"{dataset.root} changed after the run was planned; start the run again")
    return dataset


def forget_datasets() -> None:
    """Read every dataset anew when it is asked for next."""
    _read.clear()


def open_backbone_as_planned(
    planned: BackboneId,
    known: Mapping[str, Registered[BackboneSpec]],
    context: RunContext,
    device: torch.device,
) -> backbones.Backbone:
    """Load a backbone of the run onto a device.

    Raises:
        HarnessError: its weights are not the ones planned with.
    """
    request = context.request_of(planned)
    source = weights.resolve(request, known)
    if source.id != planned:
        raise HarnessError(f"weights of {request} changed after the run was planned; start the run again")
    backbone = backbones.load(source)
    backbone.model.to(device)
    return backbone


def find_weights_as_planned(
    spec: MethodSpec,
    planned: Mapping[str, str],
    context: RunContext,
    *,
    given: bool = True,
) -> OwnWeights:
    """Return the files of weights that a method declares, and the one that the run gives it.

    Args:
        spec: the method.
        planned: SHA-256 of each.
        context: where the one that the run gives lies.
        given: False: that one is not needed, since other weights are put in.

    Raises:
        HarnessError: they are not the ones planned with, or are nowhere.
    """
    files = {declared.name: fetch(declared) for declared in spec.weights}
    for name, file in files.items():
        if file_sha256(file) != planned.get(name):
            raise HarnessError(f"weights {name!r} changed after the run was planned; start the run again")
    kinds = [kind for kind in GIVEN if given and kind in planned]
    return OwnWeights(files, _given(kinds[0], planned[kinds[0]], context) if kinds else None)


def _given(
    kind: str,
    sha256: str,
    context: RunContext,
) -> GivenWeights:
    """Return the file that a run gives a method: where the run says it lies, or any in the folder of weights.

    Raises:
        HarnessError: neither is the one planned with.
    """
    named = context.given_weights.get(sha256)
    folder = weights_folder()
    there = sorted(folder.iterdir()) if folder.is_dir() else []
    for path in [*([Path(named)] if named else ()), *there]:
        if path.is_file() and file_sha256(path) == sha256:
            return GivenWeights(kind, path)
    if named:
        raise HarnessError(f"{named}: is gone, or changed after the run was planned; start the run again")
    raise HarnessError(
        f"the weights that it was given (SHA-256 {sha256[:12]}) are not in {folder}; save the file there"
    )


def fill_cache(
    fill: ShardFill,
    spec: DatasetSpec,
    known: Mapping[str, Registered[BackboneSpec]],
    context: RunContext,
    pipeline: Pipeline,
    *,
    skip_bad: bool,
) -> None:
    """Encode one shard of the feature cache, with the same threads as a job would.

    Raises:
        HarnessError: the dataset or the weights changed since the plan, or a clip cannot be read.
    """
    dataset = open_dataset_as_planned(spec, fill.fingerprint, context)
    backbone = open_backbone_as_planned(
        fill.view.backbone,
        known,
        context,
        pick_device(),
    )
    place = Path(context.cache)
    cache = FeatureCache.below(place, Selections.kept_by(pipeline, place, dataset.fingerprint))
    with reproducible(context.threads):
        cache.ensure(
            dataset,
            fill.view,
            fill.shard,
            backbone,
            skip_bad=skip_bad,
        )
