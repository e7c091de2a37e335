"""Reliability: how often a prediction is right, by how sure it was."""

from __future__ import annotations

import numpy as np

from harness.core.metric import Predictions

BINS = 15  # as in the experiments of Guo et al., "On Calibration of Modern Neural Networks", ICML 2017


def reliability(predictions: Predictions) -> np.ndarray:
    """Return clips, sum of confidences and clips right, for each of `BINS` equal bins (l, r] of confidence, (BINS, 3).

    The confidence is the largest softmax probability. Sums of several test sets may be added.
    """
    confidence, right = predictions.confidence, predictions.predicted == predictions.labels
    bins = np.clip(
        np.ceil(confidence * BINS).astype(int) - 1,
        0,
        BINS - 1,
    )
    weights = (None, confidence, right)
    return np.stack([np.bincount(bins, weights=w, minlength=BINS).astype(float) for w in weights], axis=1)
