"""Hooks of a run, and what is said before it."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch

from harness.core.errors import HarnessError
from harness.core.request import build_request
from harness.execution import run_bench
from harness.plugin import registry
from helpers.commands import Bench, forget

TRACKER = """
import json
from pathlib import Path
from harness import hookimpl

LOG = Path(__file__).with_suffix(".jsonl")

def write(hook, job, **seen):
    with LOG.open("a") as file:
        file.write(json.dumps({"hook": hook, "job": job.id, **seen}) + "\\n")

@hookimpl
def job_started(job):
    write("started", job)

@hookimpl
def epoch_ended(job, epoch):
    write("epoch", job, epoch=dict(epoch))

@hookimpl
def job_finished(job, result):
    write("finished", job, result=dict(result))
"""
BROKEN = """
from harness import hookimpl

@hookimpl
def job_started(): raise SystemExit("started")

@hookimpl
def epoch_ended(epoch): raise KeyError("epoch")

@hookimpl
def job_finished(result): raise KeyError("finished")
"""

Make = Callable[[str, str], Path]


@pytest.fixture
def plugin(tmp_path: Path) -> Iterator[Make]:
    made: list[str] = []

    def make(name: str, source: str) -> Path:
        path = tmp_path / f"{name}.py"
        path.write_text(source)
        made.append(name)
        return path

    yield make
    for name in made:
        forget(name)


def seen(tracker: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in tracker.with_suffix(".jsonl").read_text().splitlines()]


def test_a_tracker_sees_every_job_and_every_epoch(toy_bench: Bench, plugin: Make) -> None:
    tracker = plugin("tracker", TRACKER)
    broken = [{"name": "broken", "method": "linear", "set": {"fault": "raise"}}]
    done, failed = toy_bench(methods="linear", variant=broken, plugin=[tracker])
    calls = seen(tracker)
    assert [(call["hook"], call["job"]) for call in calls] == [
        ("started", done["id"]),
        ("epoch", done["id"]),
        ("epoch", done["id"]),
        ("finished", done["id"]),
        ("started", failed["id"]),
        ("finished", failed["id"]),
    ]
    history = pd.read_parquet(Path(done["path"]) / "history.parquet")
    rows = history.drop(columns=["val_war", "val_uar"]).to_dict("records")
    assert [call["epoch"] for call in calls if "epoch" in call] == rows
    assert [{**call["result"], "path": 0} for call in calls if "result" in call] == [
        {**done, "path": 0},
        {**failed, "path": 0},
    ]


def test_a_tracker_sees_validation_figures(toy_bench: Bench, plugin: Make) -> None:
    tracker = plugin("tracker", TRACKER)
    toy_bench(selection="val", plugin=[tracker])
    assert all({"val_war", "val_uar"} <= set(call["epoch"]) for call in seen(tracker) if "epoch" in call)


@pytest.mark.parametrize("broken_first", [True, False])
def test_a_hook_that_raises_costs_neither_the_run_nor_another_tracker(
    toy_bench: Bench, plugin: Make, caplog: pytest.LogCaptureFixture, broken_first: bool
) -> None:
    files = [plugin("tracker", TRACKER), plugin("broken", BROKEN)]
    with caplog.at_level(logging.ERROR, "harness"):
        (result,) = toy_bench(plugin=files[::-1] if broken_first else files)
    assert result["status"] == "done"
    assert [call["hook"] for call in seen(files[0])] == ["started", "epoch", "epoch", "finished"]
    text = caplog.text + (Path(result["path"]) / "log.txt").read_text()
    assert "plugin broken failed in" in text


RUDE = """
import torch
from harness import hookimpl

@hookimpl
def epoch_ended(epoch):
    torch.set_default_dtype(torch.float64)
    epoch["loss"] = 0

@hookimpl
def job_finished(result):
    result["metrics"].clear()
"""


def test_a_listener_changes_neither_the_process_nor_a_result(
    toy_bench: Bench, plugin: Make, caplog: pytest.LogCaptureFixture
) -> None:
    files = [plugin("tracker", TRACKER), plugin("rude", RUDE)]
    with caplog.at_level(logging.WARNING, "harness"):
        (result,) = toy_bench(plugin=files)
    assert torch.get_default_dtype() is torch.float32
    text = caplog.text + (Path(result["path"]) / "log.txt").read_text()
    assert "plugin rude changed torch's default dtype of the process in epoch_ended" in text
    calls = seen(files[0])
    assert all(call["epoch"]["loss"] for call in calls if "epoch" in call)
    assert result["metrics"]
    assert calls[-1]["result"]["metrics"] == result["metrics"]


def test_nothing_runs_where_results_cannot_be_written(
    toy_bench: Bench, toy_flags: dict[str, Any], plugin: Make, tmp_path: Path
) -> None:
    tracker = plugin("tracker", TRACKER)
    (tmp_path / "file").write_text("")
    for out in (tmp_path / "file", tmp_path / "file" / "runs", Path("/proc/runs")):
        with pytest.raises(HarnessError, match=r"cannot write results to .*--out"):
            toy_bench(plugin=[tracker], out=out)
    assert not tracker.with_suffix(".jsonl").exists()


def test_no_demo_is_written_where_results_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    request = build_request({"demo": True, "data_root": tmp_path / "demo", "out": tmp_path / "file"})
    with pytest.raises(HarnessError, match="cannot write results"):
        run_bench.plan_bench(request, lambda name, done, total: None)
    assert not (tmp_path / "demo").exists()


def test_a_dataset_without_a_replica_has_no_demo(toy_plugin: None, tmp_path: Path) -> None:
    with pytest.raises(HarnessError, match="dataset 'toy' has no demo replica"):
        run_bench.write_demo(tmp_path, ["toy"], lambda name, done, total: None)


def test_drafts_of_the_dead_are_swept_before_a_run(toy_bench: Bench, tmp_path: Path) -> None:
    from harness.system.processes import machine

    dead = tmp_path / "runs" / ".drafts" / f"id-{machine()}-{2**22 + 1}-0-abc"  # above the largest process id
    dead.mkdir(parents=True)
    toy_bench()
    assert not dead.exists()


def test_a_missing_plugin_file_stops_the_run(toy_bench: Bench, tmp_path: Path) -> None:
    with pytest.raises(HarnessError, match="no such file"):
        toy_bench(plugin=[tmp_path / "nowhere.py"])
    assert registry.plugins().manager.has_plugin("toy")


def test_the_next_run_forgets_the_plan_of_a_driver_that_was_killed_at_its_very_end(
    toy_bench: Bench, toy_flags: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as killed:
        killed.setattr(run_bench, "forget_plans", lambda root: None)
        toy_bench()
    plans = toy_flags["out"] / ".plans"
    assert len(list(plans.iterdir())) == 1
    toy_bench()
    assert list(plans.iterdir()) == []
