"""What a CUDA card makes of the methods, in one run of at most five minutes; without a card it says so and ends.

    python benchmarks/gpu.py > gpu.json
    python benchmarks/gpu.py --methods r3d18,former-dfer --seconds 120
    python benchmarks/gpu.py --anyway --methods coop        (on the CPU, small, to try the script itself)

Of each method: seconds and peak memory of a training step in fp32, with bf16 and compiled, as a share of what the card
makes of a large matrix product of that precision in this very run; the frames a second that it could eat, beside those
that one core delivers; and its logits against the CPU's. Then a bench inline against the same on Ray, bit for bit; four
jobs on quarters of the card against one after the other; and a job on a card that is too small. Prints one JSON; what
there was no time for is named in it.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch

from harness import FrameInput, Sample, Stage, Task
from harness.core.backbone_spec import NONE
from harness.core.options import flatten
from harness.cost.count import cost_of
from harness.cost.table import architecture
from harness.models import Batch
from harness.models.batch import logits_of
from harness.models.method import Method
from harness.plugin import registry
from harness.training.optimizer import make_optimizer
from harness.video.load import load_clip

sys.path.insert(0, str(Path(__file__).parent))
from loader import write_clip
from toy_bench import DatasetPlace, same

CLASSES = ("happiness", "sadness", "neutral", "anger", "surprise", "disgust", "fear")
TOLERANCE = {"cuda": 2e-3, "cpu": 1e-6}  # of the largest logit, in fp32 without TF32
WARM, STEPS = 3, 10
CLIPS = 8  # of a step, or the method's own batch if that is smaller
SIDE = {"cuda": 8192, "cpu": 512}  # of the matrices
PRECISIONS = {"fp32": torch.float32, "bf16": torch.bfloat16}
FRACTION = 0.02  # of the card's memory that a job is left, to be too little
GIGA = 1e9


@dataclass(frozen=True)
class Card:
    """The device that is measured."""

    device: torch.device

    @property
    def is_cuda(self) -> bool:
        return self.device.type == "cuda"

    def wait(self) -> None:
        if self.is_cuda:
            torch.cuda.synchronize(self.device)

    def seconds(self, run: Callable[[], object], times: int) -> float:
        """Of one call, over several that are waited for once."""
        self.wait()
        started = time.perf_counter()
        for _ in range(times):
            run()
        self.wait()
        return (time.perf_counter() - started) / times

    def limit(self, dtype: torch.dtype) -> float:
        """Multiply-adds a second of a large matrix product, in units of 1e9."""
        side = SIDE[self.device.type]
        one, two = (torch.randn(side, side, device=self.device, dtype=dtype) for _ in range(2))
        self.seconds(lambda: one @ two, 2)
        return side**3 / self.seconds(lambda: one @ two, 5) / GIGA


def built(name: str, card: Card) -> tuple[Method, Task]:
    """A method with its own options, or small ones where there is no card."""
    spec = registry.method(name).spec
    values, seen = spec.settle({} if card.is_cuda else {**flatten(spec.demo), **flatten(spec.small)})
    backbone = architecture(NONE if spec.backbone == NONE else "ViT-B-32")
    task = Task(CLASSES, backbone, replace(seen, size=seen.size or backbone.image_size))
    torch.manual_seed(0)
    method = spec.construct(task, values)
    method.grow_to_final()
    return method, task


def blank(method: Method, task: Task, stage: Stage, device: torch.device) -> Batch:
    """A batch of noise."""
    seen, size = task.input, min(CLIPS, stage.batch_size)
    shape = (seen.frames, 3, seen.size, seen.size)
    if method.encoder is not None:
        shape = task.backbone.features_shape(seen.frames)  # type: ignore[assignment]
    inputs = torch.randn(size, *shape, generator=torch.Generator().manual_seed(0)).to(device)
    labels = torch.arange(size, device=device) % len(CLASSES)
    return Batch(inputs, labels, None, ("",) * size, stage.name, 0, 0.0, torch.Generator().manual_seed(0))


def training(method: Method, task: Task, card: Card, limits: dict[str, float], compiled: bool) -> dict[str, Any]:
    """Seconds, memory and share of the card's limit of a step of the last stage, in each precision."""
    stage = method.stages()[-1]
    method.to(card.device).train()
    batch = blank(method, task, stage, card.device)
    optimizer = make_optimizer(method, stage)
    for group in optimizer.param_groups:
        group["lr"] = 1e-6
    macs = cost_of(method, task)["gflops_train"] / stage.batch_size * len(batch)
    found: dict[str, Any] = {"clips": len(batch), "gflops": macs}
    for precision, dtype in PRECISIONS.items():

        def step(dtype: torch.dtype = dtype) -> None:
            optimizer.zero_grad(set_to_none=True)
            with torch.autocast(card.device.type, dtype) if dtype != torch.float32 else nullcontext():
                loss = method.step(batch)
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()

        if card.is_cuda:
            torch.cuda.reset_peak_memory_stats(card.device)
        card.seconds(step, WARM)
        seconds = card.seconds(step, STEPS if card.is_cuda else 1)
        facts = {"seconds": seconds, "share_of_limit": macs / seconds / limits[precision]}
        facts["frames_a_second"] = len(batch) * task.input.frames / seconds
        if card.is_cuda:
            facts["peak_mb"] = torch.cuda.max_memory_allocated(card.device) / 1e6
        found[f"{precision}, compiled" if compiled else precision] = facts
    return found


def difference(name: str, card: Card) -> dict[str, Any]:
    """The largest difference of logits on the card and on the CPU, as a part of the largest logit."""
    method, task = built(name, card)
    inputs = blank(method, task, Stage("", 1, 2, {"": 0.0}), torch.device("cpu")).inputs
    method.eval()
    with torch.no_grad():
        here = logits_of(method(inputs))
        there = logits_of(method.to(card.device)(inputs.to(card.device))).cpu()
    found = float((here - there).abs().max() / here.abs().max())
    return {"difference": found, "tolerance": TOLERANCE[card.device.type], "good": found <= TOLERANCE[card.device.type]}


def measured(name: str, card: Card, limits: dict[str, float], *, compiled: bool) -> dict[str, Any]:
    """All that is measured of one method."""
    method, task = built(name, card)
    if not method.stages():
        return {"trained": False, "logits": difference(name, card)}
    found = training(method, task, card, limits, compiled=False)
    if compiled and method.encoder is None:
        method, task = built(name, card)
        method.compile()
        found |= training(method, task, card, limits, compiled=True)
    return {**found, "frames": task.input.frames, "size": task.input.size, "logits": difference(name, card)}


def delivered() -> dict[str, float]:
    """Frames a second that one core turns from JPEG into training clips, by their size."""
    with tempfile.TemporaryDirectory() as folder:
        write_clip(Path(folder) / "clip")
        sample = Sample("clip", Path(folder) / "clip", 0)
        found = {}
        for size in (112, 224):
            started = time.process_time()
            for seed in range(4):
                load_clip(sample, FrameInput(frames=16, size=size), seed)
            found[f"{size} px"] = 4 * 16 / (time.process_time() - started)
    return found


def same_bits(folder: Path) -> dict[str, Any]:
    """Whether a bench inline and the same on Ray predict the same bits."""
    place = DatasetPlace(folder)
    seconds = {executor: place.finish(executor, executor) for executor in ("inline", "ray")}
    return {"seconds": seconds, "same_bits": same(place.predictions("inline"), place.predictions("ray"))}


def quarters(folder: Path) -> dict[str, float]:
    """Seconds of jobs that ask for a quarter of a card each, four at once and one after the other."""
    place = DatasetPlace(folder)
    one = place.finish("one", "ray", "--max-jobs", "1", seeds="1,2,3,4")
    four = place.finish("four", "ray", "--max-jobs", "4", seeds="1,2,3,4")
    return {"one_after_the_other": one, "four_at_once": four, "ratio": one / four}


def too_small(folder: Path, name: str) -> dict[str, Any]:
    """What a job says that is left a small part of the card's memory: it takes smaller parts of its batches."""
    from harness import bench

    torch.cuda.set_per_process_memory_fraction(FRACTION)
    try:
        flags = {"demo": True, "data_root": folder / "data", "out": folder / "runs", "methods": [name]}
        (result,) = bench(**flags, datasets=["dfew"], folds=["1"], executor="inline", quick=True)
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
    return {"status": result["status"], "warnings": result["warnings"], "error": result["error"]}


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--methods", default="all", help="names, comma-separated; default: all that are registered")
    parser.add_argument("--seconds", type=float, default=280, help="after which nothing more is begun")
    parser.add_argument("--compiled", action="store_true", help="compile networks, too; takes a minute or more each")
    parser.add_argument("--anyway", action="store_true", help="on the CPU, with small networks: to try the script")
    return parser.parse_args()


def work(given: argparse.Namespace, card: Card, folder: Path) -> Iterator[tuple[str, Callable[[], Any]]]:
    """What is measured, in the order in which it matters."""
    names = list(registry.methods()) if given.methods == "all" else given.methods.split(",")
    limits: dict[str, float] = {}

    def matrix() -> dict[str, float]:
        limits.update({precision: card.limit(dtype) for precision, dtype in PRECISIONS.items()})
        return dict(limits)

    yield "limit", matrix
    yield "delivered by one core", delivered
    for name in names:
        yield name, partial(measured, name, card, limits, compiled=given.compiled)
    yield "inline and Ray", partial(same_bits, folder / "same")
    if card.is_cuda:
        yield "quarters", partial(quarters, folder / "quarters")
        yield "too small a card", partial(too_small, folder / "small", "biehpro-baseline")


def main() -> None:
    given = parse()
    if not torch.cuda.is_available() and not given.anyway:
        print(json.dumps({"skipped": "there is no CUDA card"}))
        return
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    card = Card(torch.device("cuda" if torch.cuda.is_available() else "cpu"))
    name = torch.cuda.get_device_name(card.device) if card.is_cuda else "CPU"
    found: dict[str, Any] = {"card": name, "torch": torch.__version__, "left_out": []}
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="gpu-") as folder:
        for what, measure in work(given, card, Path(folder)):
            if time.monotonic() - started > given.seconds:
                found["left_out"].append(what)
                continue
            print(f"{time.monotonic() - started:.0f} s: {what}", file=sys.stderr, flush=True)
            try:
                found[what] = measure()
            except Exception as error:  # the rest is worth having
                found[what] = {"error": f"{type(error).__name__}: {error}"}
            if card.is_cuda:
                torch.cuda.empty_cache()
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
