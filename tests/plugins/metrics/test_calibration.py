"""Expected calibration error against a loop and cases worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from harness.core.metric import Predictions
from harness_plugins.metrics import calibration

CLASSES = ("happiness", "sadness", "neutral")
logits = arrays(np.float32, st.tuples(st.integers(1, 30), st.just(3)), elements=st.floats(-50, 50, width=32))


def with_confidence(confidences: list[float], correct: list[bool]) -> Predictions:
    """Two-class predictions whose top probability is as given, right or wrong as given."""
    rows = [[math.log(p), math.log(1 - p)] for p in confidences]
    labels = [0 if right else 1 for right in correct]
    return Predictions(np.array(labels), np.array(rows), CLASSES[:2])


def slow_ece(predictions: Predictions) -> float:
    bins: list[list[tuple[float, bool]]] = [[] for _ in range(15)]
    for row, label in zip(predictions.logits.tolist(), predictions.labels.tolist(), strict=True):
        exponentials = [math.exp(value - max(row)) for value in row]
        confidence = max(exponentials) / sum(exponentials)
        bins[min(math.ceil(confidence * 15), 15) - 1].append((confidence, row.index(max(row)) == label))
    total = 0.0
    for clips in bins:
        if clips:
            accuracy = sum(right for _, right in clips) / len(clips)
            total += len(clips) * abs(accuracy - sum(p for p, _ in clips) / len(clips))
    return total / len(predictions.labels)


@given(logits, st.integers(0, 2))
def test_against_a_loop(values: np.ndarray, shift: int) -> None:
    labels = (np.arange(len(values)) + shift) % 3
    predictions = Predictions(labels, values, CLASSES)
    # A confidence within a rounding error of a border may fall to either side of it.
    top = np.exp(values.astype(float) - values.max(axis=1, keepdims=True).astype(float)).sum(axis=1)
    borders = np.abs(15 / top - np.round(15 / top))
    if not ((borders < 1e-9) & (borders > 0)).any():
        assert calibration.ece(predictions) == pytest.approx(slow_ece(predictions), abs=1e-12)


def test_by_hand() -> None:
    # 0.71 and 0.72 share the bin (10/15, 11/15], 0.9 has its own: (|1 - 1.43| + |1 - 0.9|) / 3
    predictions = with_confidence([0.71, 0.72, 0.9], [True, False, True])
    assert calibration.ece(predictions) == pytest.approx((0.43 + 0.1) / 3)


def test_one_bin_averages_before_the_absolute_value() -> None:
    assert calibration.ece(with_confidence([0.75] * 4, [True, True, True, False])) == pytest.approx(0.0, abs=1e-12)


def test_sure_and_right_is_calibrated_and_sure_and_wrong_is_not() -> None:
    values = np.array([[1e4, 0.0, -1e4]], np.float32)  # overflows without the shift by the maximum
    assert calibration.ece(Predictions(np.array([0]), values, CLASSES)) == 0.0
    assert calibration.ece(Predictions(np.array([1]), values, CLASSES)) == 1.0


def test_lower_is_better() -> None:
    (spec,) = calibration.register_metrics()
    assert (spec.name, spec.higher_is_better) == ("ece", False)
