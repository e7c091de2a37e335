"""Macro F1: unlike UAR, it falls when a rare class is predicted too often."""

from __future__ import annotations

from collections.abc import Iterable

from harness import MetricSpec, Predictions, hookimpl


def macro_f1(predictions: Predictions) -> float:
    """Return mean over classes of the harmonic mean of precision and recall.

    A class without a test clip is left out of the mean, as in UAR: its F1 is 0 or undefined whatever the
    method does. Clips wrongly given to it still count as misses of their own class.
    """
    import numpy as np
    from sklearn.metrics import f1_score

    every = list(range(len(predictions.classes)))
    values = f1_score(
        predictions.labels,
        predictions.predicted,
        labels=every,
        average=None,
        zero_division=0.0,
    )
    return float(values[np.unique(predictions.labels)].mean())


@hookimpl
def register_metrics() -> Iterable[MetricSpec]:
    """Offer macro F1."""
    return [MetricSpec("macro_f1", "Macro F1", macro_f1)]
