"""Scores that their own predictions do not give are told beside the row."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from harness.core.dataset_spec import DatasetSpec
from harness.core.metric import MetricSpec
from harness.leaderboard import render
from harness.leaderboard.render import load
from helpers.leaderboard_runs import Runs

NOTE = "its scores are not those that its own predictions give"


def edit(runs: Runs, **metrics: float) -> None:
    path = sorted(runs.store.root.glob("*/*/*/result.json"))[0]
    result = json.loads(path.read_text())
    result["metrics"] |= metrics
    path.write_text(json.dumps(result))


@pytest.mark.parametrize(("metrics", "told"), [({}, False), ({"war": 0.99}, True), ({"uar": 0.99}, True)])
def test_a_score_that_was_raised_by_hand_is_told_in_the_table(
    runs: Runs,
    tmp_path: Path,
    datasets: Mapping[str, DatasetSpec],
    metrics: dict[str, float],
    told: bool,
) -> None:
    runs.bench()
    edit(runs, **metrics)
    specs: dict[str, MetricSpec] = {}
    board = load(runs.store, datasets, specs)
    (row,) = board.rows.index
    assert (row in board.excluded) is told
    render(runs.store, tmp_path / "out", datasets, specs)
    page = (tmp_path / "out" / "toyset.md").read_text()
    assert (NOTE in page) is told
    assert ("| coop<sup>1</sup>" in page) is told


def test_a_score_that_decides_no_rank_is_the_audits_alone(runs: Runs, datasets: Mapping[str, DatasetSpec]) -> None:
    runs.bench()
    edit(runs, macro_f1=0.99)
    board = load(runs.store, datasets, {})
    ((row, (found,)),) = board.differences.items()
    assert (found.name, found.stored, found.decides) == ("macro_f1", 0.99, False)
    assert row not in board.excluded


def test_predictions_that_the_logits_do_not_make(runs: Runs, datasets: Mapping[str, DatasetSpec]) -> None:
    runs.bench()
    path = sorted(runs.store.root.glob("*/*/*/predictions.parquet"))[0]
    frame: Any = pd.read_parquet(path)
    logits = [name for name in frame if name.startswith("logit.")]
    frame[logits] = -frame[logits]
    frame.to_parquet(path)
    board = load(runs.store, datasets, {})
    assert set(board.excluded) == set(board.rows.index)
