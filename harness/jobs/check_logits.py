"""Whether logits can be believed: no probabilities, and the same for a clip whatever stands beside it."""

from __future__ import annotations

import numpy as np

from harness.core.errors import HarnessError
from harness.jobs.phases import Loaded, Parts
from harness.training.loop import predict

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
    largest = max(1.0, float(np.abs(logits).max()))
    difference = np.abs(again - logits[chosen]).max(axis=1)
    if (difference > TOLERANCE * largest).any():
        clip = parts.test[int(chosen[int(difference.argmax())])].id
        raise HarnessError(
            f"the logits of clip {clip} are others when it is predicted again beside other clips (by "
            f"{difference.max():.3g}): in evaluation they may depend on nothing but the clip. Is something random, or "
            f"taken over the batch?"
        )


def are_probabilities(logits: np.ndarray) -> bool:
    """Return whether each row (N, C) is a distribution over more than one class."""
    sums = logits.sum(axis=1, dtype=np.float64)
    return logits.shape[1] > 1 and bool((logits >= 0).all() and np.allclose(sums, 1, atol=1e-4))
