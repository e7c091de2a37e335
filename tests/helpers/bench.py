"""Jobs on the toy dataset, planned as the command line plans them and run in this process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from harness.core.frame_input import FrameInput
from harness.core.request import build_request
from harness.data.dataset import Dataset, open_dataset
from harness.execution import run_bench
from harness.execution.executors.inline import run_inline
from harness.features.cache import FeatureCache
from harness.models import backbone as backbones
from harness.models import weights
from harness.models.backbone import Backbone
from harness.planning.plan import Plan
from harness.plugin import registry

SHORT = {
    "coop": {"epochs": 3, "batch_size": 4, "context_tokens": 2, "input.frames": 2, "input.views": 2},
    "cocoop": {"epochs": 2, "batch_size": 4, "input.frames": 2, "input.views": 1},
    "a3lign": {
        **{"tokens": 2, "sentences": 2, "text_epochs": 2, "video_epochs": 2, "joint_epochs": 2, "batch_size": 4},
        **{"input.frames": 2, "input.views": 1, "input.base_size": 0, "input.crop_size": 0},
    },
    "zero-shot-clip": {"input.frames": 2},
}
SEEN = FrameInput(frames=2, size=32, views=3, augmentation=("random-resized-crop", "flip"), crop_scale=(0.5, 1.0))


def plan(root: Path, out: Path, methods: str = "coop", folds: str = "1", **flags: Any) -> Plan:
    overrides = {name: {**SHORT[name], **flags.get("set", {}).get(name, {})} for name in SHORT}
    given = {"methods": methods, "datasets": "toy", "folds": folds, "backbone": "tiny", "executor": "inline"}
    request = build_request({**given, "data_root": root, "out": out, **flags, "set": overrides})
    return run_bench.plan_bench(request, lambda name, done, total: None)


def run(given: Plan) -> list[dict[str, Any]]:
    """The results in order of the plan; a job that failed fails the test."""
    results = [result for _, result in run_inline(given, lambda event: None)]
    assert [result["error"] for result in results] == [None] * len(results)
    return results


def predictions(given: Plan) -> list[pd.DataFrame]:
    folders = [path.parent for path in Path(given.context.out).glob("*/*/*/predictions.parquet")]
    by_id = {folder.name.rsplit("-", 1)[1]: folder for folder in folders}
    return [pd.read_parquet(by_id[planned.job.id] / "predictions.parquet") for planned in given.jobs]


def logits(frame: pd.DataFrame) -> np.ndarray:
    return frame.filter(like="logit.").to_numpy()


def tiny() -> Backbone:
    """The backbone of the toy's jobs: one object a process."""
    return backbones.load(weights.resolve("tiny", registry.backbones()))


def toy(root: Path, cache: Path) -> Dataset:
    return open_dataset(registry.dataset("toy"), root / "TOY", cache, thorough=True)


@contextmanager
def watched_frames(look: Callable[[torch.Tensor], None]) -> Iterator[None]:
    """Show each batch of frames that the tiny frame encoder is given."""
    backbone = tiny()
    hook = backbone.frame_encoder().register_forward_pre_hook(lambda module, args: look(args[0]))
    backbone.set_guard()  # or every job would be told to leave no hooks behind
    try:
        yield
    finally:
        hook.remove()
        backbone.set_guard()


@contextmanager
def counted_frames() -> Iterator[list[int]]:
    """How many frames each call of the tiny frame encoder was given."""
    calls: list[int] = []
    with watched_frames(lambda frames: calls.append(len(frames))):
        yield calls


def cache_of(given: Plan) -> FeatureCache:
    return FeatureCache(Path(given.context.cache) / "features")


def history(given: Plan) -> list[pd.DataFrame]:
    return [pd.read_parquet(path) for path in sorted(Path(given.context.out).glob("*/*/*/history.parquet"))]
