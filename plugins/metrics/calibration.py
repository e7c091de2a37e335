"""Expected calibration error: whether a confidence of 70 % is right in 70 % of clips."""

from __future__ import annotations

from collections.abc import Iterable

from harness import MetricSpec, Predictions, hookimpl

BINS = 15  # as in the experiments of Guo et al.


def ece(predictions: Predictions) -> float:
    """Return expected calibration error over 15 equal bins (l, r] of the top softmax probability, as a fraction.

    Eq. 3 of Guo et al., "On Calibration of Modern Neural Networks", ICML 2017: the mean over clips of
    |accuracy - confidence| of the clip's bin.
    """
    import numpy as np

    confidence = predictions.confidence
    correct = predictions.predicted == predictions.labels
    bins = np.clip(
        np.ceil(confidence * BINS).astype(int) - 1,
        0,
        BINS - 1,
    )
    gaps = np.bincount(
        bins,
        weights=correct - confidence,
        minlength=BINS,
    )  # |B| (accuracy - confidence)
    return float(np.abs(gaps).sum() / len(confidence))


@hookimpl
def register_metrics() -> Iterable[MetricSpec]:
    """Offer ECE."""
    return [MetricSpec("ece", "ECE", ece, higher_is_better=False)]
