"""The numbers: when a row is complete, and its statistics against slow loops."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, balanced_accuracy_score, f1_score, recall_score

from harness.core.dataset_spec import DatasetSpec
from harness.core.metric import MetricSpec
from harness.leaderboard import Board, aggregate, load
from harness.leaderboard.board.pooled import from_confusion
from harness.leaderboard.render import files
from helpers.leaderboard_runs import CLASSES, Runs, confusion, dataset_spec, make_result, some_predictions

Datasets = Mapping[str, DatasetSpec]


def only(board: Board) -> pd.Series[Any]:
    assert len(board.rows) == 1
    return board.rows.iloc[0]


def war(value: float) -> dict[str, Any]:
    return {"metrics": {"war": value, "uar": value / 2}}


def test_std_is_ddof_1_over_folds_after_averaging_seeds(datasets: Datasets) -> None:
    folds = {"1": (0.1, 0.3), "2": (0.3, 0.3), "3": (0.4, 0.2), "4": (0.5, 0.7), "5": (0.9, 0.5)}
    results = [
        make_result(fold=fold, seed=seed, **war(value))
        for fold, values in folds.items()
        for seed, value in enumerate(values)
    ]
    row = only(aggregate(results, datasets))
    averages = [statistics.mean(values) for values in folds.values()]
    assert row["war_mean"] == pytest.approx(statistics.mean(averages))
    assert row["war_std"] == pytest.approx(statistics.stdev(averages))  # ddof 1
    assert row["uar_std"] == pytest.approx(statistics.stdev(averages) / 2)
    assert (row["folds_done"], row["folds_total"], row["n_seeds"], row["seeds"]) == (5, 5, 2, "0 1")


def test_one_fold_shows_the_spread_over_seeds(datasets: Datasets) -> None:
    results = [make_result(dataset="single", seed=seed, **war(value)) for seed, value in enumerate((0.2, 0.3, 0.7))]
    row = only(aggregate(results, datasets))
    assert row["complete"]
    assert row["war_mean"] == pytest.approx(0.4)
    assert row["war_std"] == pytest.approx(statistics.stdev([0.2, 0.3, 0.7]))


def test_one_fold_with_one_seed_has_no_spread(datasets: Datasets) -> None:
    row = only(aggregate([make_result(dataset="single", **war(0.2))], datasets))
    assert row["complete"]
    assert row["rank"] == 1
    assert math.isnan(row["war_std"])


def test_a_missing_fold_leaves_no_mean_and_no_rank(datasets: Datasets) -> None:
    board = aggregate([make_result(fold=fold) for fold in "1234"], datasets)
    row = only(board)
    assert not row["complete"]
    assert (row["folds_done"], row["folds_total"]) == (4, 5)
    for column in ("war_mean", "war_std", "war_pooled", "uar_mean", "recall.anger_mean", "rank"):
        assert math.isnan(row[column]), column
    assert board.folds["war"].notna().sum() == 4  # the folds themselves stay


def test_a_row_with_unequal_seeds_is_incomplete(datasets: Datasets) -> None:
    results = [make_result(fold=fold) for fold in "12345"] + [make_result(fold="1", seed=2)]
    board = aggregate(results, datasets)
    row = only(board)
    assert not row["complete"]
    assert row["folds_done"] == 1
    assert math.isnan(row["war_mean"])
    assert board.folds["war"].notna().tolist() == [True, False, False, False, False]


def test_a_failed_job_is_a_missing_cell(datasets: Datasets) -> None:
    results = [make_result(fold=fold) for fold in "1234"]
    row = only(aggregate([*results, make_result(fold="5", status="failed", error="boom")], datasets))
    assert (row["folds_done"], row["n_jobs"], row["n_failed"]) == (4, 5, 1)
    assert math.isnan(row["war_mean"])
    assert row["official"]  # a failed job may not know its split


def test_a_failed_job_of_the_demo_stays_with_the_demo(datasets: Datasets) -> None:
    results = [make_result(fold=fold, demo=True) for fold in "1234"]
    failed = make_result(fold="5", status="failed", error="boom")
    assert failed["demo"] is False
    assert only(aggregate([*results, failed], datasets))["demo"]


def test_a_metric_missing_in_one_job_is_missing_in_the_mean(datasets: Datasets) -> None:
    results = [make_result(fold=fold) for fold in "12345"]
    del results[2]["metrics"]["ece"]
    results[3]["metrics"]["macro_f1"] = None
    row = only(aggregate(results, datasets))
    assert math.isnan(row["ece_mean"])
    assert math.isnan(row["ece_std"])
    assert math.isnan(row["macro_f1_mean"])
    assert not math.isnan(row["war_mean"])


def test_unscored_clips_cost_the_rank_but_not_the_mean(datasets: Datasets) -> None:
    results = [make_result(fold=fold, n_unscored=int(fold == "3")) for fold in "12345"]
    row = only(aggregate(results, datasets))
    assert row["complete"]
    assert row["n_unscored"] == 1
    assert not math.isnan(row["war_mean"])
    assert math.isnan(row["rank"])


@pytest.mark.parametrize("order", [1, -1])
def test_of_duplicates_the_newest_counts(datasets: Datasets, order: int) -> None:
    results = [
        make_result(dataset="single", id="new", provenance={"finished": "2026-11-02T01:00:00+02:00"}, **war(0.5)),
        make_result(dataset="single", id="old", provenance={"finished": "2026-11-01T22:59:00+00:00"}, **war(0.9)),
        make_result(dataset="single", id="undated", provenance={}, **war(0.7)),
    ]
    row = only(aggregate(results[::order], datasets))
    assert row["war_mean"] == 0.5
    assert row["n_jobs"] == 1


def test_a_newer_failure_hides_no_score(datasets: Datasets) -> None:
    late = {"finished": "2027-01-01T00:00:00+00:00"}
    results = [
        make_result(dataset="single", **war(0.5)),
        make_result(dataset="single", status="failed", provenance=late),
    ]
    assert only(aggregate(results, datasets))["war_mean"] == 0.5


def test_a_fold_the_dataset_does_not_have_makes_a_row_incomplete(datasets: Datasets) -> None:
    row = only(aggregate([make_result(fold=fold) for fold in "123456"], datasets))
    assert not row["complete"]
    assert (row["folds_done"], row["folds_total"]) == (5, 5)


def test_a_dataset_no_longer_registered_counts_the_folds_seen() -> None:
    results = [make_result(fold=fold) for fold in "12"] + [make_result(method="other", fold="1")]
    board = aggregate(results, {})
    assert board.expected == {("toyset", False): ("1", "2")}
    assert dict(zip(board.rows["name"], board.rows["complete"], strict=True)) == {
        "coop": True,
        "other": False,
    }


def test_pooled_is_the_metric_on_all_clips_of_a_seed(runs: Runs, datasets: Datasets) -> None:
    sizes = {"1": 7, "2": 60, "3": 11, "4": 25, "5": 12}  # unequal, or the mean of folds would be the same
    for seed in (1, 2):
        for fold, size in sizes.items():
            runs.add(fold=fold, seed=seed, predictions=some_predictions(seed * 10 + int(fold), size))
    row = only(aggregate(runs.store.results(), datasets))
    stored = [runs.store.predictions(result).assign(seed=result["seed"]) for result in runs.store.results()]
    seeds = [part for _, part in pd.concat(stored).groupby("seed")]
    assert row["war_pooled"] == pytest.approx(np.mean([accuracy_score(p.label, p.prediction) for p in seeds]))
    assert row["uar_pooled"] == pytest.approx(np.mean([balanced_accuracy_score(p.label, p.prediction) for p in seeds]))
    assert row["macro_f1_pooled"] == pytest.approx(
        np.mean([f1_score(p.label, p.prediction, average="macro") for p in seeds])
    )
    happy = [recall_score(p.label, p.prediction, labels=["happiness"], average=None)[0] for p in seeds]
    assert row["recall.happiness_pooled"] == pytest.approx(np.mean(happy))
    assert row["war_pooled"] != pytest.approx(row["war_mean"])


def test_pooled_metrics_leave_out_a_class_without_clips() -> None:
    matrix = np.array([[[3, 1, 0], [0, 0, 0], [0, 2, 2]]])
    values = from_confusion(matrix, CLASSES).iloc[0]
    assert values["uar"] == pytest.approx((0.75 + 0.5) / 2)
    assert values["macro_f1"] == pytest.approx((6 / 7 + 4 / 6) / 2)
    assert math.isnan(values["recall.happiness"])
    assert from_confusion(np.zeros((1, 3, 3), dtype=int), CLASSES).isna().all(axis=None)


def test_datasets_with_other_classes_do_not_mix(datasets: Datasets) -> None:
    results = [make_result(dataset="single"), make_result(dataset="gone", classes=("a", "b", "c", "d"))]
    board = aggregate(results, datasets)
    rows = board.rows.set_index("dataset")
    assert rows.loc["gone", "war_pooled"] == pytest.approx(results[1]["metrics"]["war"])
    assert rows.loc["single", "war_pooled"] == pytest.approx(results[0]["metrics"]["war"])
    assert pd.isna(rows["recall.a_pooled"]["single"])


def test_the_gap_of_an_oracle_row_is_that_to_its_last_epoch(datasets: Datasets) -> None:
    results = [
        make_result(
            fold=fold,
            protocol={"selection": "oracle"},
            metrics={"war": 0.7, "uar": 0.6},
            metrics_last={"war": 0.5 + 0.01 * int(fold), "uar": 0.6},
        )
        for fold in "12345"
    ]
    row = only(aggregate(results, datasets))
    assert row["war_gap"] == pytest.approx(0.7 - 0.53)
    assert row["uar_gap"] == pytest.approx(0.0)


def test_cost_leaves_out_what_was_not_measured(datasets: Datasets) -> None:
    results = [make_result(fold=fold) for fold in "12345"]
    results[0]["cost"] = {"gflops": 10, "latency_ms": None, "uncounted": {"aten::x": 1}}
    for result in results[1:]:
        result["cost"] = {"gflops": 10, "latency_ms": 2.0, "uncounted": {}}
    row = only(aggregate(results, datasets))
    assert row["cost.gflops"] == 10
    assert row["cost.latency_ms"] == 2.0
    assert "cost.uncounted" not in row


def test_equal_scores_share_a_rank(datasets: Datasets) -> None:
    pairs = {"a": (0.5, 0.4), "b": (0.5, 0.4), "c": (0.5, 0.3), "d": (0.6, 0.1), "e": (0.1, 0.9)}
    results = [
        make_result(dataset="single", method=name, metrics={"war": war, "uar": uar})
        for name, (war, uar) in pairs.items()
    ]
    rows = aggregate(results, datasets).rows
    assert dict(zip(rows["name"], rows["rank"], strict=True)) == {"d": 1, "a": 2, "b": 2, "c": 4, "e": 5}
    assert rows["name"].tolist() == ["d", "a", "b", "c", "e"]


def slow_statistics(values: dict[tuple[str, int], float], one_fold: bool) -> tuple[float, float]:
    folds: dict[str, list[float]] = {}
    for (fold, _), value in values.items():
        folds.setdefault(fold, []).append(value)
    means = [sum(v) / len(v) for v in folds.values()]
    spread = next(iter(folds.values())) if one_fold else means
    mean = sum(means) / len(means)
    centre = sum(spread) / len(spread)
    if len(spread) < 2:
        return mean, math.nan
    return mean, math.sqrt(sum((x - centre) ** 2 for x in spread) / (len(spread) - 1))


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_statistics_equal_slow_loops(data: st.DataObject) -> None:
    folds = [str(i) for i in range(1, data.draw(st.integers(1, 4)) + 1)]
    seeds = data.draw(st.lists(st.integers(0, 99), min_size=1, max_size=3, unique=True))
    clips = data.draw(st.integers(3, 12))
    label = st.integers(0, 2)
    results, matrices = [], {}
    for fold in folds:
        for seed in seeds:
            labels = [0, 1, 2, *data.draw(st.lists(label, min_size=clips, max_size=clips))]
            predicted = data.draw(st.lists(label, min_size=len(labels), max_size=len(labels)))
            results.append(make_result(fold=fold, seed=seed, predictions=(labels, predicted)))
            matrices[fold, seed] = confusion(labels, predicted, 3)
    results = data.draw(st.permutations(results))
    row = only(aggregate(results, {"toyset": dataset_spec(folds=folds)}))
    by_cell = {(r["fold"], r["seed"]): r["metrics"]["uar"] for r in results}
    mean, std = slow_statistics(by_cell, len(folds) == 1)
    assert row["uar_mean"] == pytest.approx(mean)
    assert row["uar_std"] == pytest.approx(std, abs=1e-12, nan_ok=True)
    pooled = []
    for seed in seeds:
        total = [[sum(matrices[f, seed][i][j] for f in folds) for j in range(3)] for i in range(3)]
        pooled.append(sum(total[i][i] / sum(total[i]) for i in range(3)) / 3)
    assert row["uar_pooled"] == pytest.approx(sum(pooled) / len(pooled))


@pytest.mark.slow
def test_ten_thousand_results(datasets: Datasets) -> None:
    template = make_result()
    results = [
        {
            **template,
            "id": f"{m}-{fold}-{seed}",
            "method": f"m{m}",
            "fold": fold,
            "seed": seed,
            **war(m / 1000),
        }
        for m in range(1000)
        for fold in "12345"
        for seed in (1, 2)
    ]
    board = aggregate(results, datasets)
    assert len(board.rows) == 1000
    assert board.rows["complete"].all()
    assert board.rows["name"].iloc[0] == "m999"
    assert board.rows["war_mean"].iloc[0] == pytest.approx(0.999)
    assert files(board, {})["toyset.csv"].count("\n") == 1001


def test_metrics_beyond_the_confusion_matrix_are_pooled_over_clips(
    runs: Runs, datasets: dict[str, DatasetSpec], metrics: dict[str, MetricSpec]
) -> None:
    runs.bench(seeds=(1, 2))
    runs.bench(method="lost")
    for result in runs.store.results():
        if result["method"] == "lost":
            (Path(result["path"]) / "predictions.parquet").unlink()
    rows = load(runs.store, datasets, metrics).rows.set_index("method")
    per_seed = []
    for seed in (1, 2):
        kept = [r for r in runs.store.results() if r["seed"] == seed and r["method"] != "lost"]
        clips = pd.concat([runs.store.predictions(result) for result in kept])
        per_seed.append(float((clips["label"] != clips["prediction"]).mean() ** 2))
    found = rows.drop(index="lost")["ece_pooled"].item()
    assert found == pytest.approx(sum(per_seed) / 2)
    assert found != pytest.approx(rows.drop(index="lost")["ece_mean"].item())
    assert math.isnan(rows.loc["lost", "ece_pooled"])


def test_results_from_before_a_field_came_share_a_row_with_later_ones(datasets: Datasets) -> None:
    results = [make_result(fold=fold, **war(0.5)) for fold in "12345"]
    later = {"padding": "last", "mean": [], "std": [], "test_clips": 1, "test_crops": 1, "test_flip": False, "code": ""}
    for number, result in enumerate(results):
        first = {name: value for name, value in result["input"].items() if name not in later}
        result["input"] = first if number < 2 else {**first, **later}
    assert only(aggregate(results, datasets))["folds_done"] == 5
    results[4]["input"]["test_flip"] = True
    assert len(aggregate(results, datasets).rows) == 2
