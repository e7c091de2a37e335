"""From predictions to figures of merit."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace

import numpy as np

from harness.core.errors import BadData, TrainingDiverged
from harness.core.metric import Figure, Interval, MetricSpec, Predictions
from harness.core.text import first_line, one_line

ROUNDING = 1e-5  # of the largest logit


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


def contradicted(logits: np.ndarray, predicted: np.ndarray) -> int:
    """Return clips whose prediction is not the class of the largest logit, by more than rounding.

    Args: logits (N, C), class indices (N,).
    """
    largest = logits.max(axis=1)
    chosen = logits[np.arange(len(logits)), predicted]
    return int((chosen < largest - ROUNDING * np.abs(largest)).sum())


@dataclass(frozen=True)
class Scores:
    """Metrics of some predictions.

    Attributes:
        values: each metric as a fraction; one with a value per class is "recall.happiness" and so on.
        problems: why metrics, or values of some of their classes, are left out.
    """

    values: dict[str, float]
    problems: list[str]


def score(
    predictions: Predictions,
    metrics: Mapping[str, MetricSpec],
    guard: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> Scores:
    """Compute every metric. Each gets arrays of its own that cannot be written to, and costs nothing but itself.

    Args:
        predictions: what was predicted.
        metrics: by name.
        guard: makes the context that each is computed in: what a plugin's code may not do is an error there.

    Raises: TrainingDiverged for logits that are not finite (argmax would turn them into class 0), BadData
    when there is nothing to score.
    """
    _check(predictions)
    values: dict[str, float] = {}
    problems: list[str] = []
    for name, metric in metrics.items():
        try:
            with guard():
                parts = _parts(metric.compute(_read_only(predictions)))
        except (Exception, SystemExit) as error:
            problems.append(f"metric {name!r} left out: {type(error).__name__}: {first_line(error)}")
            continue
        for part, value in parts.items():
            key = f"{name}.{part}" if part else name
            if _is_number(value):
                values[key] = float(value)
            else:
                problems.append(f"metric {key!r} left out: {one_line(value)!r} is no finite number")
    return Scores(values, problems)


def _parts(found: Figure) -> dict[str, float]:
    """Return the values of a metric by the end of their name; "" is the metric itself."""
    parts: dict[str, float] = {}
    for name, figure in (found if isinstance(found, Mapping) else {"": found}).items():
        if isinstance(figure, Interval):
            ends = f"{name}." if name else ""
            parts |= {name: figure.value, f"{ends}low": figure.low, f"{ends}high": figure.high}
        else:
            parts[name] = figure
    return parts


def _read_only(predictions: Predictions) -> Predictions:
    labels, logits = predictions.labels.copy(), predictions.logits.copy()
    labels.setflags(write=False)
    logits.setflags(write=False)
    return replace(
        predictions,
        labels=labels,
        logits=logits,
        ids=tuple(predictions.ids),
        groups=tuple(predictions.groups),
        frames=tuple(predictions.frames),
    )


def _is_number(value: object) -> bool:
    try:
        return math.isfinite(float(value))  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return False


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
