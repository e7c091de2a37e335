"""WAR, UAR and the recall of each class: the figures every DFER paper prints."""

from __future__ import annotations

from collections.abc import Iterable

from harness import MetricSpec, Predictions, hookimpl


def war(predictions: Predictions) -> float:
    """Return weighted average recall, which is accuracy: correct clips / all clips (DFEW paper, section 4.1)."""
    from sklearn.metrics import accuracy_score

    return float(accuracy_score(predictions.labels, predictions.predicted))


def uar(predictions: Predictions) -> float:
    """Return unweighted average recall: the mean of the classes' recalls (DFEW paper, section 4.1).

    A class without a test clip has no recall, so the mean is over the others; counting it as 0 would cap the
    UAR of a perfect classifier below 1.
    """
    recalls = recall(predictions)
    return sum(recalls.values()) / len(recalls)


def recall(predictions: Predictions) -> dict[str, float]:
    """Return recall of each class that has test clips, by class name; the others have none and are left out."""
    from sklearn.metrics import recall_score

    # `labels` is given, or a class that no clip has or gets would drop out and shift the ones after it.
    every = list(range(len(predictions.classes)))
    values = recall_score(
        predictions.labels,
        predictions.predicted,
        labels=every,
        average=None,
        zero_division=0.0,
    )
    present = set(predictions.labels.tolist())
    return {name: float(values[c]) for c, name in enumerate(predictions.classes) if c in present}


@hookimpl
def register_metrics() -> Iterable[MetricSpec]:
    """Offer WAR, UAR and recall."""
    return [
        MetricSpec("war", "WAR", war),
        MetricSpec("uar", "UAR", uar),
        MetricSpec("recall", "Recall", recall),
    ]
