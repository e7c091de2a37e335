"""Another process that fills the feature cache, in a file that it can import whatever runs the tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from harness.features.cache import FeatureCache, FeatureTable
from harness.features.shards import shards_of
from harness.features.view import View
from harness.plugin import registry
from helpers import bench
from helpers.bench import SEEN
from helpers.commands import TOY


def write_together(root: Path, cache: Path, barrier: Any) -> None:
    """Write and read every shard of the toy dataset ten times, each shard in step with the other process."""
    registry.plugins().add_file(TOY)
    torch.set_num_threads(1)
    dataset = bench.toy(root, cache)
    backbone = bench.tiny()
    view = View.test(dataset.fingerprint, backbone.source.id, SEEN)
    for turn in range(10):
        features = FeatureCache(
            cache / "features"
        )  # as a new process: what is open stays whole when its file is removed
        for shard in range(len(shards_of(dataset).batches)):
            barrier.wait(120)
            features.ensure(dataset, view, shard, backbone, skip_bad=False)
            FeatureTable(features, dataset, view).gather(shards_of(dataset).batches[shard])
        barrier.wait(120)
        if turn < 9:
            for shard in range(len(shards_of(dataset).batches)):
                features.path(view, shard).unlink(missing_ok=True)
        barrier.wait(120)
