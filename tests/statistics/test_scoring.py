"""Scores and the confusion matrix."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import confusion_matrix

from harness.core.errors import BadData, TrainingDiverged
from harness.core.metric import MetricSpec, Predictions
from harness.statistics.scoring import confusion, score

CLASSES = ("happiness", "sadness", "neutral")


def predictions(labels: list[int], predicted: list[int]) -> Predictions:
    logits = np.eye(len(CLASSES), dtype=np.float32)[predicted].reshape(-1, len(CLASSES))
    return Predictions(np.array(labels, dtype=int), logits, CLASSES)


def test_rows_are_true_and_columns_predicted() -> None:
    assert confusion(predictions([0, 0, 2], [0, 2, 2])) == [[1, 0, 1], [0, 0, 0], [0, 0, 1]]


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=1))
def test_confusion_equals_sklearns(pairs: list[tuple[int, int]]) -> None:
    labels, predicted = [p[0] for p in pairs], [p[1] for p in pairs]
    expected = confusion_matrix(labels, predicted, labels=[0, 1, 2]).tolist()
    assert confusion(predictions(labels, predicted)) == expected


def test_mappings_are_flattened() -> None:
    metrics = {
        "war": MetricSpec("war", "WAR", lambda p: np.float64(0.5)),
        "recall": MetricSpec("recall", "Recall", lambda p: {"happiness": 1, "sadness": 0.25}),
    }
    scores = score(predictions([0], [0]), metrics)
    assert scores == {"war": 0.5, "recall.happiness": 1.0, "recall.sadness": 0.25}
    assert {type(value) for value in scores.values()} == {float}


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_logits_that_are_not_finite_have_diverged(value: float) -> None:
    bad = predictions([0, 1, 2], [0, 1, 2])
    bad.logits[1, 0] = value
    with pytest.raises(TrainingDiverged, match=r"1 of 3 test clips are not finite \(first: row 1\)"):
        score(bad, {})


def test_nothing_to_score() -> None:
    with pytest.raises(BadData, match="no test clip"):
        score(predictions([], []), {})


def test_logits_of_another_number_of_classes() -> None:
    wrong = Predictions(np.array([0]), np.zeros((1, 4), np.float32), CLASSES)
    with pytest.raises(ValueError, match=r"shape \(1, 4\), expected \(clips, classes\) = \(1, 3\)"):
        score(wrong, {})
