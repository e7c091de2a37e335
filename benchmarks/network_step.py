"""A training step of networks by the harness's loop, against the same network in a plain loop of torch: a ratio each.

    python benchmarks/network_step.py --clips 2 --turns 3

The plain loop takes torchvision's own `r3d_18` for 3D ResNet-18, and for the others the same modules without `step`,
`Batch` and `Outputs`. Both see the same clips and take the same optimizer; times are the processor's, the ways take
turns, and the median of their ratios counts.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import torch
from torch import nn
from torch.nn import functional as F
from torchvision.models.video import r3d_18

from harness import Task
from harness.models import Batch
from harness.models.backbone import MissingBackbone
from harness.models.batch import logits_of
from harness.models.method import Method
from harness.plugin import registry
from harness.system.seeds import seed_everything
from harness.training.checkpoint import TrainedModel
from harness.training.loop import _step
from harness.training.optimizer import make_optimizer

CLASSES = ("happiness", "sadness", "neutral", "anger", "surprise", "disgust", "fear")
NETWORKS = {"r3d18": {"arch": "torchvision"}, "former-dfer": {}, "ial": {}}


def built(name: str) -> tuple[Method, Task]:
    spec = registry.method(name).spec
    values, seen = spec.settle(NETWORKS[name])
    task = Task(CLASSES, MissingBackbone(), seen)
    seed_everything(0)
    return spec.construct(task, values).train(), task


def by_the_harness(name: str, clips: int) -> Callable[[], object]:
    method, task = built(name)
    stage = method.stages()[-1]
    seen = task.input
    inputs = torch.rand(clips, seen.frames, 3, seen.size, seen.size)
    labels = torch.arange(clips) % len(CLASSES)
    batch = Batch(inputs, labels, None, ("",) * clips, stage.name, 0, 0.0, torch.Generator().manual_seed(0))
    model = TrainedModel(method, make_optimizer(method, stage), torch.amp.GradScaler("cpu", enabled=False))
    return lambda: _step(model, stage, 1, batch)


def plainly(name: str, clips: int) -> Callable[[], object]:
    method, task = built(name)
    seen = task.input
    inputs = torch.rand(clips, seen.frames, 3, seen.size, seen.size)
    labels = torch.arange(clips) % len(CLASSES)
    network: nn.Module = r3d_18(weights=None, num_classes=len(CLASSES)).train() if name == "r3d18" else method
    fed = inputs.transpose(1, 2).contiguous() if name == "r3d18" else inputs
    optimizer = torch.optim.SGD(network.parameters(), lr=0.0, momentum=0.9, weight_decay=1e-4)

    def step() -> None:
        optimizer.zero_grad(set_to_none=True)
        F.cross_entropy(logits_of(network(fed)), labels).backward()
        optimizer.step()

    return step


def seconds(step: Callable[[], object]) -> float:
    started = time.process_time()
    step()
    return time.process_time() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=int, default=2)
    parser.add_argument("--turns", type=int, default=3)
    given = parser.parse_args()
    torch.set_num_threads(1)
    for name in NETWORKS:
        ours, plain = by_the_harness(name, given.clips), plainly(name, given.clips)
        turns = [(seconds(ours), seconds(plain)) for _ in range(given.turns + 1)][1:]
        ratio = statistics.median(one / other for one, other in turns)
        took = statistics.median(one for one, _ in turns)
        print(f"{name}: {given.clips} clips, {took:.2f} s a step, {ratio:.2f} of the plain loop", flush=True)


if __name__ == "__main__":
    main()
