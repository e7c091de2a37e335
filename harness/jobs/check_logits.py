"""Whether logits can be believed: no probabilities, and the same for a clip whatever stands beside it."""

from __future__ import annotations

import numpy as np

from harness.core.errors import HarnessError
from harness.jobs.phases import Loaded, Parts
from harness.training.predict import predict

CHECKED = 8  # clips that are predicted a second time, in another batch
TOLERANCE = 1e-3  # of the largest logit: kernels for other batches differ by far less


def check_logits(
    loaded: Loaded,
    parts: Parts,
    logits: np.ndarray,
    micro: int,
) -> None:
    """Look at the logits (N, C) of the test part, and predict a few clips again, the last first.

    Raises:
        HarnessError: they are probabilities, or depend on the other clips of a batch or on chance.
    """
    classes = loaded.task.classes
    if logits.shape[1] != len(classes):
        raise HarnessError(
            f"forward returned {logits.shape[1]} logits a clip, but the task has {len(classes)} classes: make as many "
            f"as len(task.classes), in the order of task.classes"
        )
    if not np.isfinite(logits).all():
        return  # scoring says so
    if are_probabilities(logits):
        raise HarnessError(
            "forward returned probabilities: every row is positive and sums to 1. It has to return logits, without a "
            "softmax: losses and confidences are computed from them"
        )
    chosen = np.unique(np.linspace(len(logits) - 1, 0, min(CHECKED, len(logits))).astype(int))[::-1]
    inputs = loaded.inputs.test([parts.test[i] for i in chosen])
    again = predict(loaded.method, inputs, loaded.device, micro)
    _check_equal(loaded, parts, logits, again, chosen, "beside other clips")
    alone = predict(
        loaded.method,
        loaded.inputs.test([parts.test[int(chosen[0])]]),
        loaded.device,
        micro,
    )
    _check_equal(loaded, parts, logits, alone, chosen[:1], "alone")


def _check_equal(
    loaded: Loaded,
    parts: Parts,
    logits: np.ndarray,
    again: np.ndarray,
    chosen: np.ndarray,
    how: str,
) -> None:
    if not alike(again, logits[chosen], _scale(logits)):
        difference = np.abs(again - logits[chosen]).max(axis=1)
        clip = parts.test[int(chosen[int(difference.argmax())])].id
        raise HarnessError(
            f"the logits of clip {clip} are others when it is predicted again {how} (by {difference.max():.3g}): in "
            f"evaluation they may depend on nothing but the clip. Is something random, or taken over the batch?"
        )


def alike(
    again: np.ndarray,
    logits: np.ndarray,
    scale: float = 0.0,
) -> bool:
    """Return whether logits (N, C) are equal but for what kernels for another batch make of them.

    Args:
        again: predicted a second time.
        logits: as they were first.
        scale: largest of all, if these are a few of many.
    """
    return bool((np.abs(again - logits) <= TOLERANCE * max(scale, _scale(logits))).all())


def _scale(logits: np.ndarray) -> float:
    return max(1.0, float(np.abs(logits).max()))


def are_probabilities(logits: np.ndarray) -> bool:
    """Return whether each row (N, C) is a distribution over more than one class."""
    sums = logits.sum(axis=1, dtype=np.float64)
    return logits.shape[1] > 1 and bool((logits >= 0).all() and np.allclose(sums, 1, atol=1e-4))
