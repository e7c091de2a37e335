"""`harness rescore` on planted stores: what is computed, what is kept, what is refused."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from harness.plugin import registry
from harness.rescoring.batch import rescore_batch
from harness.results.store import Store
from harness.results.summary import summaries_by_folder
from helpers.commands import Invoke, forget
from helpers.planted import Planted, TestSet

TOP2 = """
import numpy as np
from harness import MetricSpec, hookimpl

def top2(predictions):
    best = np.argsort(-predictions.logits, axis=1)[:, :2]
    return float((best == predictions.labels[:, None]).any(1).mean()) - {less}

@hookimpl
def register_metrics():
    return [MetricSpec("top2", "Top-2", top2, version="{version}")]
"""
FACTS = """
from harness import MetricSpec, hookimpl

def short(predictions):
    assert list(predictions.ids) == sorted(predictions.ids)
    chosen = [frames < 16 for frames in predictions.frames]
    of_film = [group == "film 1-0" for group in predictions.groups]
    return {{"clips": sum(chosen) / len(chosen), "film": sum(of_film) / len(of_film)}}

def fails(predictions):
    raise RuntimeError("no clip of the moon")

@hookimpl
def register_metrics():
    return [MetricSpec("short", "Short", short), MetricSpec("fails", "Fails", {fails})]
"""
Write = Callable[..., Path]


@pytest.fixture
def metric(tmp_path: Path) -> Iterator[Write]:
    """Write a plugin file; it is forgotten afterwards."""

    def write(text: str = TOP2, name: str = "my_metric", **values: object) -> Path:
        file = tmp_path / f"{name}.py"
        file.write_text(text.format(**{"version": "1", "less": "0", **values}))
        return file

    yield write
    forget("my_metric")


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    planted, on = Planted(tmp_path / "planted"), TestSet("ferv39k", "1", clips=40, films=4)
    planted.row("first", 0.9, on=on, seeds=(1, 2))
    planted.row("second", 0.4, on=on)
    return planted.root


def files(root: Path) -> dict[Path, str]:
    return {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in root.rglob("*") if path.is_file()}


def results(root: Path) -> dict[Path, dict[str, Any]]:
    return {path: json.loads(path.read_text()) for path in sorted(root.rglob("result.json"))}


def top2_by_hand(folder: Path) -> float:
    frame = pd.read_parquet(folder / "predictions.parquet")
    logits = frame.filter(like="logit.").rename(columns=lambda name: name.removeprefix("logit."))
    rows = [row for _, row in logits.iterrows()]
    named = [label in set(row.nlargest(2).index) for label, row in zip(frame["label"], rows, strict=True)]
    return float(np.mean(named))


def edit(path: Path, change: Callable[[dict[str, Any]], Mapping[str, Any]]) -> None:
    result = json.loads(path.read_text())
    path.write_text(json.dumps({**result, **change(result)}))


def test_a_new_metric_is_computed_and_everything_else_is_kept(invoke: Invoke, runs: Path, metric: Write) -> None:
    before, untouched = results(runs), files(runs)
    answer = invoke("rescore", runs, "--plugin", metric(), "--json")
    told = json.loads(answer.out)
    assert (answer.code, told["ok"], told["counts"]["rescored"]) == (0, True, 3)
    assert told["metrics"]["top2"] == {"version": "1", "computed": 3}
    for path, result in results(runs).items():
        assert result["metrics"].pop("top2") == pytest.approx(top2_by_hand(path.parent), abs=1e-12)
        assert result.pop("metric_versions") == {"top2": "1"}
        assert result == before[path]
    after = files(runs)
    changed = {path for path in after if after[path] != untouched.get(path)}
    assert changed == set(before)


def test_the_second_time_nothing_is_written(invoke: Invoke, runs: Path, metric: Write) -> None:
    plugin = metric()
    invoke("rescore", runs, "--plugin", plugin)
    once = files(runs)
    answer = invoke("rescore", runs, "--plugin", plugin, "--json")
    assert (answer.code, json.loads(answer.out)["counts"]["current"]) == (0, 3)
    assert files(runs) == once


def test_a_run_that_was_planned_before_does_not_take_it_for_the_job_run_again(
    invoke: Invoke, runs: Path, metric: Write
) -> None:
    before = summaries_by_folder(runs)
    written = {folder: Path(folder, "result.json").stat().st_ino for folder in before}
    assert invoke("rescore", runs, "--plugin", metric()).code == 0
    assert all(Path(folder, "result.json").stat().st_ino != written[folder] for folder in before)
    assert summaries_by_folder(runs) == before


def test_another_version_replaces_the_values_and_is_said_in_tables(invoke: Invoke, runs: Path, metric: Write) -> None:
    invoke("rescore", runs, "--plugin", metric())
    old = [result["metrics"]["top2"] for result in results(runs).values()]
    newer = metric(version="2", less="0.5")

    shown = invoke("leaderboard", "--runs", runs, "--plugin", newer, "--out", "boards")
    assert "Top-2 (version 1, now 2)" in Path("boards/ferv39k.md").read_text()
    assert "metric 'top2': values are of version 1, now 2; `harness rescore" in shown.err

    assert invoke("rescore", runs, "--plugin", newer).code == 0
    new = [result["metrics"]["top2"] for result in results(runs).values()]
    assert new == pytest.approx([value - 0.5 for value in old])
    shown = invoke("leaderboard", "--runs", runs, "--plugin", newer, "--out", "boards")
    page = Path("boards/ferv39k.md").read_text()
    assert "Top-2" in page
    assert "Top-2 (version" not in page
    assert "top2" not in shown.err


def test_leaderboard_says_which_metrics_are_absent(invoke: Invoke, runs: Path, metric: Write) -> None:
    plugin = metric()
    answer = invoke("leaderboard", "--runs", runs, "--plugin", plugin, "--json")
    [note] = json.loads(answer.out)["notes"]
    assert note.startswith("metric 'top2': none of 3 results has it; `harness rescore")
    invoke("rescore", runs, "--plugin", plugin)
    Planted(runs).row("third", 0.2, on=TestSet("ferv39k", "1", clips=40, films=4))
    assert (
        "metric 'top2': 1 of 4 results lack it; `harness rescore"
        in invoke("leaderboard", "--runs", runs, "--plugin", plugin).err
    )


def test_a_result_that_its_predictions_contradict_is_refused_and_the_rest_goes_on(
    invoke: Invoke, runs: Path, metric: Write
) -> None:
    on = TestSet("ferv39k", "1", clips=40)
    planted = Planted(runs)
    planted.row("liar", on=on, metrics={"war": 0.99, "uar": 0.99})
    planted.row("other-matrix", on=on, confusion=np.eye(7, dtype=int).tolist())
    planted.row("fewer", on=on, n_scored=41)
    planted.row("cut", on=on)
    planted.row("torn", on=on)
    for path in runs.rglob("cut/*/predictions.parquet"):
        path.write_bytes(path.read_bytes()[:100])
    for path in runs.rglob("torn/*/result.json"):
        path.write_text('{"schema": 1, "id"')
    [moved] = [path.parent for path in runs.rglob("second/*/result.json")]
    moved.rename(moved.with_name("1-s1-000000000000"))
    before = files(runs)

    answer = invoke("rescore", runs, "--plugin", metric(), "--json")
    told = json.loads(answer.out)
    assert answer.code == 1
    assert told["counts"] == {"rescored": 2, "current": 0, "left-out": 0, "failed": 0, "refused": 6, "busy": 0}
    reasons = {Path(one["path"]).parent.name: "; ".join(one["reasons"]) for one in told["reasons"]}
    assert "war is stored as 0.99" in reasons["liar"]
    assert "its confusion matrix is not that of its predictions" in reasons["other-matrix"]
    assert "it scored 41 clips, its predictions are of 40" in reasons["fewer"]
    assert "no Parquet file" in reasons["cut"]
    assert "not a result" in reasons["torn"]
    assert "it is the result of job" in reasons["second"]
    after = files(runs)
    assert {path.parts[-3] for path in after if after[path] != before[path]} == {"first"}


def test_predictions_that_their_logits_do_not_make_are_refused(invoke: Invoke, runs: Path, metric: Write) -> None:
    [path] = runs.rglob("second/*/predictions.parquet")
    frame = pd.read_parquet(path)
    frame["logit.fear"] = 100.0
    frame.to_parquet(path)
    answer = invoke("rescore", runs, "--plugin", metric())
    assert answer.code == 1
    assert "predictions are not the class of the largest logit" in answer.out
    assert "top2: computed for 2 results" in answer.out


def test_a_metric_sees_ids_groups_and_lengths_and_one_that_fails_is_tried_again(
    invoke: Invoke, runs: Path, metric: Write
) -> None:
    answer = invoke("rescore", runs, "--plugin", metric(FACTS, fails="fails"))
    assert answer.code == 1
    assert "metric 'fails' left out: RuntimeError: no clip of the moon" in answer.out
    once = files(runs)
    for path, result in results(runs).items():
        frame = pd.read_parquet(path.parent / "predictions.parquet")
        assert result["metrics"]["short.clips"] == pytest.approx((frame["frames"] < 16).mean())
        assert result["metrics"]["short.film"] == 0.25
        assert result["metric_versions"] == {"short": "1"}
        assert len(result["warnings"]) == 1
    invoke("rescore", runs, "--plugin", metric(FACTS, fails="fails"))
    assert files(runs) == once  # the warning stands once
    assert invoke("rescore", runs, "--plugin", metric(FACTS, fails="short")).code == 0
    assert all(result["warnings"] == [] for result in results(runs).values())


def test_values_of_another_version_are_neither_compared_nor_kept(invoke: Invoke, runs: Path, metric: Write) -> None:
    """Macro F1 by an older definition is no contradiction, and the last epoch's cannot be computed again."""
    for path in runs.rglob("result.json"):
        edit(
            path,
            lambda result: {
                "metrics": result["metrics"] | {"macro_f1": 0.111},
                "metric_versions": {"macro_f1": "0"},
                "metrics_last": {"war": 0.5, "macro_f1": 0.1},
            },
        )
    assert invoke("rescore", runs, "--metrics", "macro_f1").code == 0
    for result in results(runs).values():
        assert result["metrics"]["macro_f1"] != 0.111
        assert result["metric_versions"]["macro_f1"] == "1"
        assert result["metrics_last"] == {"war": 0.5}


def test_failed_jobs_are_passed_over(invoke: Invoke, runs: Path, metric: Write) -> None:
    for path in runs.rglob("second/*/result.json"):
        edit(path, lambda result: {"status": "failed", "error": "Traceback"})
    told = json.loads(invoke("rescore", runs, "--plugin", metric(), "--json").out)
    assert (told["counts"]["failed"], told["counts"]["rescored"]) == (1, 2)


def test_errors_of_the_user(invoke: Invoke, runs: Path, tmp_path: Path) -> None:
    answer = invoke("rescore", tmp_path / "nowhere")
    assert (answer.code, "no such folder" in answer.err) == (2, True)
    (tmp_path / "empty").mkdir()
    answer = invoke("rescore", tmp_path / "empty")
    assert (answer.code, "no results" in answer.err) == (2, True)
    answer = invoke("rescore", runs, "--metrics", "uarr")
    assert (answer.code, "uar" in answer.err) == (2, True)


def test_results_that_a_job_holds_are_left_alone(runs: Path, metric: Write) -> None:
    registry.plugins().add_file(metric())
    metrics = registry.metrics()
    [folder] = [str(path.parent) for path in runs.rglob("second/*/result.json")]
    others = Store(runs)
    assert others.leases.acquire(folder.rpartition("-")[2])
    before = files(runs / "ferv39k")
    [answer] = rescore_batch(Store(runs), [folder], metrics, {})
    assert answer.state == "busy"
    assert files(runs / "ferv39k") == before
    others.leases.close()
    [answer] = rescore_batch(Store(runs), [folder], metrics, {})
    assert (answer.state, answer.metrics) == ("rescored", ("top2",))


@pytest.mark.slow
def test_two_drivers_at_once(cli: Callable[..., Any], tmp_path: Path, metric: Write) -> None:
    from concurrent.futures import ThreadPoolExecutor

    planted = Planted(tmp_path / "many")
    planted.row("first", on=TestSet("dfew", clips=20), seeds=range(1, 121))
    plugin = metric()
    with ThreadPoolExecutor(2) as threads:
        drivers = [threads.submit(cli, "rescore", planted.root, "--plugin", plugin, "--json") for _ in range(2)]
        told = [json.loads(driver.result().stdout) for driver in drivers]
    assert all(one["ok"] for one in told)
    assert sum(one["metrics"]["top2"]["computed"] for one in told) >= 600
    assert all("top2" in result["metrics"] for result in results(planted.root).values())
    assert not list(planted.root.rglob("*.tmp"))


def test_a_rescored_copy_of_a_store_joins_with_the_other(invoke: Invoke, runs: Path, metric: Write) -> None:
    import shutil

    plugin = metric()
    copy = Path(shutil.copytree(runs, runs.with_name("copy")))
    invoke("rescore", copy, "--plugin", plugin)
    shown = invoke("leaderboard", "--runs", runs, "--runs", copy, "--plugin", plugin, "--out", "boards")
    assert shown.code == 0
    assert "Top-2" in Path("boards/ferv39k.md").read_text()
    for path in copy.rglob("second/*/result.json"):
        edit(path, lambda result: {"metrics": result["metrics"] | {"war": 0.123}})
    shown = invoke("leaderboard", "--runs", runs, "--runs", copy, "--plugin", plugin)
    assert (shown.code, "different results of one job" in shown.err) == (2, True)
