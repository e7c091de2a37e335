"""Fixtures: a store of hand-made results, and the specs they belong to."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.core.dataset_spec import DatasetSpec
from harness.core.metric import MetricSpec, Predictions
from helpers.leaderboard_runs import Runs, dataset_spec


@pytest.fixture
def runs(tmp_path: Path) -> Runs:
    return Runs(tmp_path / "runs")


@pytest.fixture
def datasets() -> dict[str, DatasetSpec]:
    return {"toyset": dataset_spec(), "single": dataset_spec("single", "1", "Single")}


def squared_error_rate(predictions: Predictions) -> float:
    """Like a calibration error, no mean over clips: pooled over folds it is not the mean of the folds."""
    return float((predictions.predicted != predictions.labels).mean() ** 2)


@pytest.fixture
def metrics() -> dict[str, MetricSpec]:
    def unused(predictions: Predictions) -> float:
        raise AssertionError("a leaderboard reads scores, it computes none from clips")

    return {
        "war": MetricSpec("war", "WAR", unused),
        "uar": MetricSpec("uar", "UAR", unused),
        "macro_f1": MetricSpec("macro_f1", "Macro F1", unused),
        "recall": MetricSpec("recall", "Recall", unused),
        "ece": MetricSpec("ece", "ECE", squared_error_rate, higher_is_better=False),
    }
