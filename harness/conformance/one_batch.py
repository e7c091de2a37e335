"""Whether a few steps lower a loss: taken by the harness's own loop on one batch, and measured by the method's step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from harness.conformance.specimen import Specimen, ignore, shorten
from harness.core.errors import TrainingDiverged
from harness.core.recipe import Schedule, Stage
from harness.jobs import phases
from harness.jobs.phases import Loaded, Parts
from harness.models.batch import Batch

STEPS = 6
DRAWS = 2  # for a loss with chance in it, such as dropout's: the same before and after
SCALES = (1, 0.1, 0.01, 0.001, 10, 100, 1000)  # of the learning rates: those of a large network do not suit a tiny one
Step = Callable[[Batch], Tensor]


@dataclass
class Losses:
    """The losses of one stage on one batch, each with the clips' labels and with those of other clips."""

    stage: str
    batch: Batch
    before: tuple[float, float]
    after: tuple[float, float]

    @property
    def lowered(self) -> bool:
        """Whether the steps lowered it."""
        return self.after[0] < self.before[0]

    @property
    def blind(self) -> bool:
        """Whether labels make no difference. Before training they need not make one: a head may start from zero."""
        return self.before[0] == self.before[1] and self.after[0] == self.after[1]


def losses(specimen: Specimen, scale: float) -> list[Losses]:
    """Train each stage on one batch of all clips, with learning rates times `scale`.

    Returns:
        One a stage; none if the loss became infinite at rates that are not the method's own.
    """
    loaded = specimen.load(augmented=False)
    parts = specimen.encode(loaded)
    shorten(loaded.method, lambda stage: _all_at_once(stage, len(parts.train), scale))
    watch = _Watch(loaded.method.step)
    vars(loaded.method)["step"] = watch.step
    try:
        with specimen.watch.kept():
            _fit(loaded, parts)
    except TrainingDiverged:
        if scale == 1:
            raise
        return []
    watch.measure_last()
    return watch.found


def _fit(loaded: Loaded, parts: Parts) -> None:
    checkpoints = replace(loaded.checkpoints(1), every=0)
    checkpoints.remove()
    phases.fit(loaded, parts, checkpoints, ignore, 1)


def _all_at_once(stage: Stage, clips: int, scale: float) -> Stage:
    rates = {prefix: rate * scale for prefix, rate in stage.lr.items()}
    epochs = STEPS if stage.epochs else 0
    return replace(
        stage,
        epochs=epochs,
        batch_size=clips,
        lr=rates,
        schedule=Schedule("constant"),
        mixup=0.0,  # of which each step draws another, so that no two losses are of the same clips
        sampling="shuffled",
    )


class _Watch:
    """A method's step, which measures the loss of each stage's first batch before anything moves."""

    def __init__(self, step: Step) -> None:
        self.own = step
        self.found: list[Losses] = []

    def step(self, batch: Batch) -> Tensor:
        """Measure where a stage begins, and take the step."""
        if not self.found or self.found[-1].stage != batch.stage:
            self.measure_last()
            before = self._losses(batch)
            self.found.append(Losses(batch.stage, batch, before, before))
        return self.own(batch)

    def measure_last(self) -> None:
        """Measure the loss again where the last stage ended."""
        if self.found:
            self.found[-1].after = self._losses(self.found[-1].batch)

    def _losses(self, batch: Batch) -> tuple[float, float]:
        return self._loss(batch), self._loss(_mislabelled(batch))

    def _loss(self, batch: Batch) -> float:
        """Return the mean loss of a few draws, which are the same each time."""
        total = 0.0
        devices = [batch.labels.device] if batch.labels.is_cuda else []
        with torch.random.fork_rng(devices=devices):
            for draw in range(DRAWS):
                torch.manual_seed(draw)
                again = replace(batch, generator=torch.Generator().manual_seed(draw))
                total += float(self.own(again).detach()) / DRAWS
        return total


def _mislabelled(batch: Batch) -> Batch:
    """Return the batch with each clip's label given to the next clip."""
    targets = None if batch.targets is None else batch.targets.roll(1, 0)
    return replace(
        batch,
        labels=batch.labels.roll(1),
        targets=targets,
    )
