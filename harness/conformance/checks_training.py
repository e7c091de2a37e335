"""Checks of how a method is trained."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from torch import Tensor

from harness.conformance.one_batch import SCALES, STEPS, losses
from harness.conformance.report import Note
from harness.conformance.specimen import Specimen, Trained, short, shorten
from harness.conformance.steps import differing
from harness.core.errors import HarnessError
from harness.core.recipe import Stage
from harness.core.text import first_few
from harness.jobs.failure import reason_of
from harness.models.batch import Batch
from harness.models.method import own_parameters, own_state
from harness.models.trainable import trained_names
from harness.system.shutdown import ShutdownRequested, shutdown

NAMED = 3  # parameters that a finding names


def trains(specimen: Specimen) -> Iterator[Note]:
    """Train for a few steps."""
    run = specimen.trained
    rows = [row["loss"] for row in run.fitted.history]
    yield Note(f"{len(run.loaded.method.stages())} stages, loss {rows[0]:.3g} to {rows[-1]:.3g}")


def only_declared_moves(specimen: Specimen) -> Iterator[Note]:
    """Compare parameters that a stage does not declare before and after it."""
    run = specimen.trained
    for stage, steps in zip(_trained_stages(run), specimen.steps, strict=False):
        if steps.moved:
            specimen.blame(
                "declared",
                f"stage {stage.name!r} moves {first_few(steps.moved, NAMED)}, which is under no prefix of its lr: add "
                f"one, or make it a buffer if it is no parameter",
            )
    method, backbone = run.loaded.method, run.loaded.backbone
    declared = {*trained_names(method, method.stages())}
    frozen = [name for name in own_parameters(method, backbone) if name not in declared]
    if frozen:
        yield Note(f"no stage trains {first_few(frozen, NAMED)}")


def _trained_stages(run: Trained) -> list[Stage]:
    return [stage for stage in run.loaded.method.stages() if stage.epochs]


def gradients(specimen: Specimen) -> Iterator[Note]:
    """Look at the gradients of each declared parameter."""
    run = specimen.trained
    for stage, steps in zip(_trained_stages(run), specimen.steps, strict=False):
        for names, told in ((steps.ungraded, "no gradient"), (steps.flat, "a gradient of 0 at every step")):
            if names:
                specimen.blame(
                    "gradients",
                    f"stage {stage.name!r} trains {first_few(names, NAMED)}, which gets {told}: does the loss "
                    f"use it, without detach() and no_grad()? If it is not to be trained, take it out of lr",
                )
    yield from ()


def learns(specimen: Specimen) -> Iterator[Note]:
    """Take steps on one batch, at larger rates where the method's own move too little to see."""
    _ = specimen.trained
    left: dict[str, str] = {}
    for scale in SCALES:
        with specimen.owned("learns"):
            found = losses(specimen, scale)
        if scale == SCALES[0]:
            left = {stage.stage: f"{stage.before[0]:.5g} to {stage.after[0]:.5g}" for stage in found}
            if found and all(stage.blind for stage in found):
                specimen.blame("learns", "the loss is the same for other labels: does it see them at all?")
        for stage in found:
            if stage.lowered:
                left.pop(stage.stage, None)
        if not left:
            return
    for name, change in left.items():
        specimen.blame("learns", f"{STEPS} steps of stage {name!r} on one batch do not lower its loss: from {change}")
    yield from ()


def backbone_stays(specimen: Specimen) -> Iterator[Note]:
    """Run all there is; the backbone is looked at after each run."""
    list(specimen.tested())
    yield from ()


def single(specimen: Specimen) -> Iterator[Note]:
    """Train where the last batch of an epoch holds one clip."""
    clips = len(specimen.trained.parts.train)

    def with_one_over(stage: Stage) -> Stage:
        return replace(
            short(stage),
            batch_size=clips - 1,
            epochs=min(stage.epochs, 1),
        )

    try:
        specimen.run(with_one_over)
    except Exception as error:
        specimen.blame(
            "single",
            f"a batch of one clip, as the last one of an epoch may be, cannot be trained on: {reason_of(error)}",
            specimen.sources.of_error(error),
        )
    yield from ()


def resumes(specimen: Specimen) -> Iterator[Note]:
    """Stop between two steps, go on in a method that is built anew, and compare with the unbroken training."""
    unbroken = specimen.trained
    with specimen.owned("resume"):
        for number, steps in enumerate(_stops(specimen)):
            _run_until(specimen, steps, resume=number > 0)
        resumed = specimen.run(resume=True)
    difference = _difference(unbroken, resumed)
    if difference:
        specimen.blame(
            "resume",
            f"stopped and resumed, {difference} than in an unbroken training: what changes while it trains has to be a "
            f"parameter or a buffer",
        )
    yield from ()


def _stops(specimen: Specimen) -> list[int]:
    """Return after how many steps to stop: within an epoch of the first stage, and before the last step of the last."""
    taken = [stage.taken for stage in specimen.steps]
    first = taken[0] // 2 + 1
    return [first, sum(taken) - first - 1] if len(taken) > 1 else [first]


def _run_until(
    specimen: Specimen,
    steps: int,
    *,
    resume: bool,
) -> None:
    """Train until the process is asked to stop, as by SIGTERM, during that step; a checkpoint is left."""
    loaded = specimen.load()
    parts = specimen.encode(loaded)
    shorten(loaded.method, short)
    own, left = loaded.method.step, [steps]

    def step(batch: Batch) -> Tensor:
        left[0] -= 1
        shutdown.requested = shutdown.requested or left[0] == 0
        return own(batch)

    vars(loaded.method)["step"] = step
    try:
        specimen.train(loaded, parts, resume=resume)
    except ShutdownRequested:
        return
    finally:
        shutdown.requested = False
    raise HarnessError(f"training was asked to stop in its step {steps} and went on: is something caught that ends it?")


def again(specimen: Specimen) -> Iterator[Note]:
    """Do the job again in this process."""
    first = specimen.trained if specimen.trains else specimen.grown
    with specimen.owned("again"):
        second = specimen.run()
    difference = _difference(first, second)
    if difference:
        specimen.blame(
            "again",
            f"the second job of a process is another: {difference} than in the first. Is something kept in a module or "
            f"a class?",
        )
    yield from ()


def _difference(first: Trained, second: Trained) -> str:
    """Say what differs between two runs of one job; nothing if they are equal bit for bit."""
    odd = differing(*(own_state(run.loaded.method, run.loaded.backbone) for run in (first, second)))
    if odd:
        return f"{first_few(odd, NAMED)} ends with other values"
    return "" if np.array_equal(first.logits, second.logits, equal_nan=True) else "it predicts other logits"
