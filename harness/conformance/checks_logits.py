"""Checks of what a method predicts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from torch import Tensor

from harness.conformance.checks_form import MOST
from harness.conformance.report import Note
from harness.conformance.specimen import Specimen, Trained
from harness.core.dataset_spec import Sample
from harness.core.errors import HarnessError
from harness.jobs import phases
from harness.jobs.check_logits import are_probabilities, check_logits
from harness.models.inputs import AlteredInputs
from harness.training.predict import TEST_BATCH, predict

ORDER = 1e-5  # of the largest logit: sums in another order differ by less


def shapes(specimen: Specimen) -> Iterator[Note]:
    """Predict for few and for many classes."""
    loaded = specimen.load(MOST)
    few, parts = specimen.grown, specimen.encode(loaded)
    _check_shape(specimen, few.logits, few)
    with specimen.owned("shapes"):
        phases.prepare(loaded, parts)
        loaded.method.grow_to_final()
        logits = phases.test(loaded, parts, 1)
    _check_shape(specimen, logits, replace(few, loaded=loaded, parts=parts))
    inputs, _ = next(loaded.inputs.test(parts.test[:1]).batches([[0]], 0, loaded.device))
    yield Note(f"{tuple(inputs.shape)} to {(1, logits.shape[-1])}")


def _check_shape(
    specimen: Specimen,
    logits: np.ndarray,
    given: Trained,
) -> None:
    expected = (len(given.parts.test), len(given.loaded.task.classes))
    with specimen.owned("shapes"):
        if logits.shape != expected:
            raise HarnessError(f"forward gave logits of shape {logits.shape} for (clips, classes) of {expected}")


def finite(specimen: Specimen) -> Iterator[Note]:
    """Look for logits that are not finite, of a black clip too."""
    for tested in specimen.tested():
        rows = ~np.isfinite(tested.logits).all(axis=1)
        if rows.any():
            clip = tested.parts.test[int(rows.argmax())].id
            kind = "the black clip" if rows.sum() == 1 and rows[0] else "clip"
            specimen.blame("finite", f"the logits of {kind} {clip} are not finite: is something divided by 0?")
            return
    yield from ()


def no_probabilities(specimen: Specimen) -> Iterator[Note]:
    """Look for rows that are distributions."""
    for tested in specimen.tested():
        if are_probabilities(tested.logits):
            specimen.blame("logits", "forward gives probabilities: it has to give logits, without a softmax")
            return
    yield from ()


def deterministic(specimen: Specimen) -> Iterator[Note]:
    """Predict the same batch again."""
    for tested in specimen.tested():
        loaded = tested.loaded
        with specimen.owned("deterministic"):
            again = phases.test(loaded, tested.parts, 1)
        if not np.array_equal(again, tested.logits, equal_nan=True):
            specimen.blame(
                "deterministic",
                "the same clips give other logits when they are predicted again: in evaluation nothing may be drawn or "
                "remembered (use self.training, and no F.dropout without it)",
            )
            return
    yield from ()


def alone(specimen: Specimen) -> Iterator[Note]:
    """Predict each clip alone."""
    for tested in specimen.tested():
        with specimen.owned("alone"):
            check_logits(tested.loaded, tested.parts, tested.logits, TEST_BATCH)
    yield from ()


class Reversed(AlteredInputs):
    """Clips whose frames, or features of them, are given from the last to the first."""

    def alter(self, clips: Tensor, samples: Sequence[Sample]) -> Tensor:
        """Return inputs (B, T, ...) reversed in time."""
        return clips.flip(1)


def order_of_frames(specimen: Specimen) -> Iterator[Note]:
    """Say whether a clip that runs backwards gives other logits."""
    tested = list(specimen.tested())[-1]  # after training: before it a part for time may be the identity
    loaded = tested.loaded
    forwards = loaded.inputs.test(tested.parts.test)
    clips, _ = next(forwards.batches([range(len(tested.parts.test))], 0, loaded.device))
    if bool((clips == clips.flip(1)).all()):
        yield Note("its input is the same backwards, so that its sense of order cannot be told")
        return
    inputs = Reversed(forwards)
    with specimen.owned("order"):
        backwards = predict(loaded.method, inputs, loaded.device)
    difference = np.abs(backwards - tested.logits).max() / max(1.0, np.abs(tested.logits).max())
    if difference <= ORDER:
        yield Note("order-blind: a clip that runs backwards gives the same logits")
    else:
        yield Note(f"sees the order of frames: backwards, logits differ by {difference:.2g} of the largest")
