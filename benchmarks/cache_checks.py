"""What it costs to check the feature cache: processor time, of that of one CoOp epoch from a warm cache.

    python benchmarks/cache_checks.py

A view of DFEW's training part, 9,356 clips x 16 frames x 512 numbers, is opened and held against its checksums, and
each clip's file is looked at once, as in an epoch. The step is CoOp's on 32 clips with ViT-B/32 of random weights.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from harness import FrameInput, Task
from harness.features.arrays import map_array, write_array
from harness.models import backbone, weights
from harness.plugin import registry
from harness.training.optimizer import make_optimizer
from harness_plugins.methods.coop import Options
from harness_plugins.methods.coop.model import CoOp

CLIPS, BATCH, SHARD, FRAMES, WIDTH = 9_356, 32, 64, 16, 512
CLASSES = ("happiness", "sadness", "neutral", "anger", "surprise", "disgust", "fear")


def least(run: Callable[[], object], repeats: int) -> float:
    """Return the least processor seconds of a few runs."""
    times = []
    for _ in range(repeats):
        started = time.process_time()
        run()
        times.append(time.process_time() - started)
    return min(times)


def checks(folder: Path) -> tuple[float, float]:
    """Return the seconds of opening all shards with their checksums, and by NumPy alone."""
    shards = [folder / f"{number:05d}.npy" for number in range(-(-CLIPS // SHARD))]
    for number, path in enumerate(shards):
        rows = np.random.default_rng(number).standard_normal((SHARD, FRAMES, WIDTH), np.float32)
        write_array(path, rows, path.stem)
    stats = least(lambda: [path.stat() for path in shards for _ in range(SHARD)], 3)
    checked = least(lambda: [map_array(path, path.stem) for path in shards], 3)
    return checked + stats, least(lambda: [np.load(path, mmap_mode="r") for path in shards], 3)


def step() -> float:
    """Return the seconds of a CoOp step from cached features."""
    on = backbone.load(weights.resolve("ViT-B-32:random", registry.backbones()))
    method = CoOp(Task(CLASSES, on, FrameInput(frames=FRAMES, size=224)), Options()).train()
    optimizer = make_optimizer(method, method.stages()[0])
    features, labels = torch.randn(BATCH, FRAMES, WIDTH), torch.randint(len(CLASSES), (BATCH,))

    def once() -> None:
        optimizer.zero_grad(set_to_none=True)
        torch.nn.functional.cross_entropy(method(features), labels).backward()
        optimizer.step()

    once()
    return least(once, 5)


def main() -> None:
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        checked, plain = checks(Path(folder))
    epoch = step() * CLIPS / BATCH
    share = 100 * (checked - plain) / epoch
    print(f"checks {checked:.3f} s (without {plain:.3f} s), an epoch {epoch:.1f} s of processor time: {share:.2f} %")


if __name__ == "__main__":
    main()
