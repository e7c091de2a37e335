"""WAR, UAR, recall and macro F1 against loops and scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import balanced_accuracy_score

from harness.core.metric import Predictions
from harness_plugins.metrics import f1, recall

CLASSES = ("happiness", "sadness", "neutral", "anger")
pairs = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=40)


def predictions(rows: list[tuple[int, int]]) -> Predictions:
    """Predictions from (label, predicted) pairs."""
    labels = np.array([label for label, _ in rows])
    return Predictions(labels, np.eye(4, dtype=np.float32)[[p for _, p in rows]], CLASSES)


def slow_recall(rows: list[tuple[int, int]], c: int) -> float:
    mine = [predicted for label, predicted in rows if label == c]
    return sum(predicted == c for predicted in mine) / len(mine)


def slow_f1(rows: list[tuple[int, int]], c: int) -> float:
    hits = sum(label == predicted == c for label, predicted in rows)
    return 2 * hits / sum((label == c) + (predicted == c) for label, predicted in rows)


@given(pairs)
def test_against_loops(rows: list[tuple[int, int]]) -> None:
    given, present = predictions(rows), sorted({label for label, _ in rows})
    assert recall.war(given) == pytest.approx(sum(a == b for a, b in rows) / len(rows))
    assert recall.recall(given) == pytest.approx({CLASSES[c]: slow_recall(rows, c) for c in present})
    assert recall.uar(given) == pytest.approx(sum(slow_recall(rows, c) for c in present) / len(present))
    assert f1.macro_f1(given) == pytest.approx(sum(slow_f1(rows, c) for c in present) / len(present))


@pytest.mark.filterwarnings("ignore::UserWarning:sklearn")
@given(pairs)
def test_uar_is_sklearns_balanced_accuracy(rows: list[tuple[int, int]]) -> None:
    given = predictions(rows)
    assert recall.uar(given) == pytest.approx(balanced_accuracy_score(given.labels, given.predicted))


def test_a_class_absent_from_the_test_labels_is_left_out() -> None:
    given = predictions([(0, 0), (0, 0), (1, 1), (1, 3)])  # class 3 is predicted only, class 2 occurs nowhere
    assert recall.recall(given) == {"happiness": 1.0, "sadness": 0.5}
    assert recall.uar(given) == 0.75
    assert f1.macro_f1(given) == pytest.approx((1 + 2 / 3) / 2)


def test_the_majority_baseline_of_dfew() -> None:
    counts = (489, 379, 534, 435)
    rows = [(c, 2) for c, count in enumerate(counts) for _ in range(count)]
    assert recall.war(predictions(rows)) == 534 / sum(counts)
    assert recall.uar(predictions(rows)) == 0.25


def test_registered_names() -> None:
    specs = [*recall.register_metrics(), *f1.register_metrics()]
    assert [(s.name, s.higher_is_better) for s in specs] == [
        ("war", True),
        ("uar", True),
        ("recall", True),
        ("macro_f1", True),
    ]
