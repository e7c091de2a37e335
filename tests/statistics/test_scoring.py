"""Scores and the confusion matrix."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import confusion_matrix

from harness.core.errors import BadData, TrainingDiverged
from harness.core.metric import Interval, MetricSpec, Predictions
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
    assert scores.problems == []
    assert scores.values == {"war": 0.5, "recall.happiness": 1.0, "recall.sadness": 0.25}
    assert {type(value) for value in scores.values.values()} == {float}


def writes(given: Predictions) -> float:
    given.logits[:] = 0
    return 0.0


def raises(given: Predictions) -> float:
    raise ZeroDivisionError("no clip of this class")


def leaves(given: Predictions) -> float:
    raise SystemExit(3)


FAULTS = {
    "writes": (writes, "ValueError: assignment destination is read-only"),
    "raises": (raises, "ZeroDivisionError: no clip of this class"),
    "leaves": (leaves, "SystemExit: 3"),
    "nan": (lambda given: float("nan"), "'nan' is no finite number"),
    "words": (lambda given: "high", "'high' is no finite number"),
    "nothing": (lambda given: None, "'None' is no finite number"),
    "array": (lambda given: given.logits, "is no finite number"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_metric_costs_nothing_but_itself(fault: str) -> None:
    bad, told = FAULTS[fault]
    given = predictions([0, 1, 2], [0, 1, 1])
    before = given.logits.copy()
    metrics = {"bad": MetricSpec("bad", "Bad", bad), "good": MetricSpec("good", "Good", lambda p: 0.5)}
    scores = score(given, metrics)
    assert scores.values == {"good": 0.5}
    (problem,) = scores.problems
    assert problem.startswith("metric 'bad' left out: ")
    assert told in problem
    np.testing.assert_array_equal(given.logits, before)


def test_a_class_without_a_number_costs_that_class_only() -> None:
    metrics = {"recall": MetricSpec("recall", "Recall", lambda p: {"happiness": 1, "sadness": float("nan")})}
    scores = score(predictions([0], [0]), metrics)
    assert scores.values == {"recall.happiness": 1.0}
    assert scores.problems == ["metric 'recall.sadness' left out: 'nan' is no finite number"]


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


def test_a_metric_may_give_an_interval() -> None:
    metrics = {"spread": MetricSpec("spread", "Spread", lambda p: Interval(0.5, 0.25, 0.75))}
    values = score(predictions([0], [0]), metrics).values
    assert values == {"spread": 0.5, "spread.low": 0.25, "spread.high": 0.75}


def test_a_metric_may_give_an_interval_for_each_class() -> None:
    def each(given: Predictions) -> dict[str, float | Interval]:
        return {"joy": Interval(0.5, 0.25, 0.75), "fear": 0.1}

    values = score(predictions([0], [0]), {"spread": MetricSpec("spread", "Spread", each)}).values
    assert values == {"spread.joy": 0.5, "spread.joy.low": 0.25, "spread.joy.high": 0.75, "spread.fear": 0.1}


def test_a_metric_sees_ids_groups_and_frames_which_it_cannot_change() -> None:
    given = replace(predictions([0, 1], [0, 1]), ids=["a", "b"], groups=["x", "y"], frames=[3, 5])
    seen: list[Predictions] = []

    def look(given: Predictions) -> float:
        seen.append(given)
        given.ids.append("c")  # type: ignore[attr-defined]
        return 0.0

    scores = score(given, {"look": MetricSpec("look", "Look", look)})
    assert (seen[0].ids, seen[0].groups, seen[0].frames) == (("a", "b"), ("x", "y"), (3, 5))
    assert "'tuple' object has no attribute 'append'" in scores.problems[0]
    assert given.ids == ["a", "b"]
