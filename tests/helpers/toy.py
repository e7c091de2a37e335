"""A third-party plugin as the docs tell people to write one: a tiny dataset and methods that misbehave on request.

Tests load it by `--plugin`. Its images show a bright square whose place is the class, so that training can succeed.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from harness import (
    BackboneSpec,
    ClassLabel,
    DatasetSpec,
    Fold,
    FrameInput,
    Method,
    MethodSpec,
    Sample,
    Schedule,
    Stage,
    Task,
    hookimpl,
    option,
)

CLASSES = tuple(ClassLabel(name, name) for name in ("left", "middle", "right"))
FOLDS = ("1", "2")
CLIPS, FRAMES, PIXELS = 24, 4, 32


def write_toy(root: Path) -> None:
    """24 clips of 4 JPEG frames, and `labels.txt` with lines `id class fold-it-is-tested-in`."""
    rng = np.random.default_rng(0)
    lines = []
    for number in range(CLIPS):
        label, fold = number % len(CLASSES), FOLDS[number % 2]
        folder = root / "clips" / f"{number:03d}"
        folder.mkdir(parents=True)
        for frame in range(FRAMES):
            pixels = rng.integers(0, 100, (PIXELS, PIXELS, 3), dtype=np.uint8)
            pixels[8:24, label * 11 : label * 11 + 10] += 150
            Image.fromarray(pixels).save(folder / f"{frame + 1}.jpg", quality=90)
        lines.append(f"{number:03d} {CLASSES[label].name} {fold}")
    (root / "labels.txt").write_text("\n".join(lines) + "\n")


def load(root: Path, fold: str) -> Fold:
    """Every clip is tested in one fold and trained on in the other."""
    rows = [line.split() for line in (root / "labels.txt").read_text().splitlines()]
    names = [c.name for c in CLASSES]
    samples = {i: Sample(i, root / "clips" / i, names.index(word)) for i, word, _ in rows}
    return Fold(
        train=[samples[i] for i, _, tested in rows if tested != fold],
        test=[samples[i] for i, _, tested in rows if tested == fold],
    )


@dataclass(frozen=True)
class Options:
    """Options of the toy methods."""

    epochs: int = option(2, "epochs", minimum=0)
    learning_rate: float = option(0.05, "of SGD")
    fault: str = option("", "how to misbehave: raise, nan, exit, kill, memory, gate:FIFO to wait at, or term:FILE")


def _misbehave(fault: str) -> None:
    if fault == "raise":
        raise ValueError("broken on purpose")
    if fault == "exit":
        os._exit(7)
    if fault == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if fault.startswith("gate:"):
        Path(fault.removeprefix("gate:")).read_bytes()  # a FIFO blocks here until somebody writes, a file does not


def _be_preempted(file: Path) -> None:
    """Be sent SIGTERM in the fifth training step of the first process that comes by."""
    steps = len(file.read_bytes()) if file.exists() else 0
    if steps < 5:
        file.write_bytes(b"." * (steps + 1))
        if steps == 4:
            os.kill(os.getpid(), signal.SIGTERM)


class Linear(Method):
    """A linear map of the mean frame."""

    def __init__(self, task: Task, options: Options) -> None:
        super().__init__()
        _misbehave(options.fault)
        self.options = options
        self.head = nn.Linear(3 * task.input.size**2, len(task.classes))
        nn.init.zeros_(self.head.weight)

    def forward(self, inputs: Tensor) -> Tensor:
        if self.options.fault == "memory" and len(inputs) > 1:
            raise torch.OutOfMemoryError("CUDA out of memory. As a GPU says that holds one clip at a time.")
        if self.training and self.options.fault.startswith("term:"):
            _be_preempted(Path(self.options.fault.removeprefix("term:")))
        logits: Tensor = self.head(inputs.mean(1).flatten(1))  # (B, C)
        return logits * torch.nan if self.options.fault == "nan" else logits

    def stages(self) -> Sequence[Stage]:
        lr = {"head": self.options.learning_rate}
        return [Stage("head", self.options.epochs, 4, lr, optimizer="sgd", schedule=Schedule("constant"))]


@hookimpl
def register_datasets() -> list[DatasetSpec]:
    return [DatasetSpec("toy", "1", "Toy", "TOY", CLASSES, FOLDS, load)]


@hookimpl
def register_methods() -> list[MethodSpec]:
    seen = FrameInput(frames=2, augmentation=("flip",), views=0)
    return [MethodSpec("linear", "1", Linear, Options, seen, summary="Linear map of the mean frame.")]


@hookimpl
def register_backbones() -> list[BackboneSpec]:
    return [BackboneSpec("tiny", str(Path(__file__).with_name("tiny.json")), "random")]
