"""From predictions to figures of merit."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from harness.core.errors import BadData, TrainingDiverged
from harness.core.metric import MetricSpec, Predictions


def confusion(predictions: Predictions) -> list[list[int]]:
    """Return the (C, C) counts of clips: a row is a true class, a column a predicted one.

    All classes have their row and column, also those that no clip has or gets, or the others would shift.
    """
    rows: list[list[int]] = confusion_counts(
        predictions.labels, predictions.predicted, len(predictions.classes)
    ).tolist()
    return rows


def confusion_counts(
    labels: np.ndarray,
    predicted: np.ndarray,
    classes: int,
) -> np.ndarray:
    """Count clips by true and predicted class, (C, C), from indices (N,) and (N,) of any integer type."""
    cells = labels.astype(np.int64) * classes + predicted  # (N,)
    return np.bincount(cells, minlength=classes * classes).reshape(classes, classes)


def score(predictions: Predictions, metrics: Mapping[str, MetricSpec]) -> dict[str, float]:
    """Return every metric as a fraction; one with a value per class becomes "recall.happiness" and so on.

    Raises: TrainingDiverged for logits that are not finite (argmax would turn them into class 0), BadData
    when there is nothing to score.
    """
    _check(predictions)
    scores: dict[str, float] = {}
    for name, metric in metrics.items():
        value = metric.compute(predictions)
        if isinstance(value, Mapping):
            scores |= {f"{name}.{key}": float(v) for key, v in value.items()}
        else:
            scores[name] = float(value)
    return scores


def _check(predictions: Predictions) -> None:
    clips = len(predictions.labels)
    if not clips:
        raise BadData("no test clip is left to score")
    expected = (clips, len(predictions.classes))
    if predictions.logits.shape != expected:
        raise ValueError(f"logits have shape {predictions.logits.shape}, expected (clips, classes) = {expected}")
    bad = ~np.isfinite(predictions.logits).all(axis=1)  # (N,)
    if bad.any():
        raise TrainingDiverged(
            f"the logits of {bad.sum()} of {clips} test clips are not finite (first: row {bad.argmax()}); "
            "lower the learning rate or train in float32"
        )
