"""Fixtures: a store of hand-made results, and the specs they belong to."""

from __future__ import annotations

from pathlib import Path

import pytest
from leaderboard_runs import Runs, dataset_spec

from harness.specs import DatasetSpec, MetricSpec, Predictions


@pytest.fixture
def runs(tmp_path: Path) -> Runs:
    return Runs(tmp_path / "runs")


@pytest.fixture
def datasets() -> dict[str, DatasetSpec]:
    return {"toyset": dataset_spec(), "single": dataset_spec("single", "1", "Single")}


@pytest.fixture
def metrics() -> dict[str, MetricSpec]:
    def unused(predictions: Predictions) -> float:
        raise AssertionError("a leaderboard reads scores, it computes none from clips")

    return {
        "war": MetricSpec("war", "WAR", unused),
        "uar": MetricSpec("uar", "UAR", unused),
        "macro_f1": MetricSpec("macro_f1", "Macro F1", unused),
        "recall": MetricSpec("recall", "Recall", unused),
        "ece": MetricSpec("ece", "ECE", unused, higher_is_better=False),
    }
