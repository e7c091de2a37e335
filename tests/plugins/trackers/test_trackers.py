"""Trackers write what a run did, to local files that their own readers open."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from harness.core.errors import UnknownName
from harness.plugin import registry
from harness.plugin.trackers import load_trackers
from helpers.commands import Bench

BROKEN = [{"name": "broken", "method": "linear", "set": {"fault": "raise"}}]


@pytest.fixture(autouse=True)
def unloaded(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    yield
    load_trackers([])


@pytest.fixture
def ran(toy_bench: Bench, caplog: pytest.LogCaptureFixture) -> Any:
    def run(tracker: str) -> Any:
        with caplog.at_level(logging.ERROR, "harness"):
            done, failed = toy_bench(methods="linear", variant=BROKEN, trackers=tracker)
        assert "failed in" not in caplog.text  # no hook of the tracker raised
        return done, failed, pd.read_parquet(Path(done["path"]) / "history.parquet")

    return run


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
def test_tensorboard(ran: Any, tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    done, failed, history = ran("tensorboard")
    (folder,) = (tmp_path / "runs" / "tensorboard").glob(f"*-{done['id']}")
    events = EventAccumulator(str(folder)).Reload()
    losses = events.Scalars("head/loss")
    assert [event.step for event in losses] == [1, 2]
    assert [event.value for event in losses] == pytest.approx(list(history["loss"]), rel=1e-6)
    assert events.Scalars("metrics/war")[0].value == pytest.approx(done["metrics"]["war"])
    (folder,) = (tmp_path / "runs" / "tensorboard").glob(f"*-{failed['id']}")
    assert "error/text_summary" in EventAccumulator(str(folder)).Reload().Tags()["tensors"]


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
def test_mlflow(ran: Any, tmp_path: Path) -> None:
    mlflow = pytest.importorskip("mlflow")
    done, failed, history = ran("mlflow")
    client = mlflow.MlflowClient(tracking_uri=(tmp_path / "runs" / "mlruns").as_uri())
    experiment = client.get_experiment_by_name("dfer-harness")
    runs = {run.data.tags["job"]: run for run in client.search_runs([experiment.experiment_id])}
    assert {job: run.info.status for job, run in runs.items()} == {done["id"]: "FINISHED", failed["id"]: "FAILED"}
    run = runs[done["id"]]
    losses = client.get_metric_history(run.info.run_id, "head/loss")
    assert [metric.value for metric in losses] == pytest.approx(list(history["loss"]))
    assert run.data.metrics["war"] == pytest.approx(done["metrics"]["war"])
    assert (run.data.params["method"], run.data.params["option.epochs"]) == ("linear", "2")
    assert "broken on purpose" in runs[failed["id"]].data.tags["error"]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_wandb_offline(ran: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("wandb")
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setenv("WANDB_SILENT", "true")
    ran("wandb")
    files = list((tmp_path / "runs" / "wandb").glob("offline-run-*/*.wandb"))
    assert len(files) == 2
    assert all(file.stat().st_size for file in files)


def test_a_tracker_is_loaded_for_the_run_that_asks_and_no_other(toy_bench: Bench, tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    toy_bench(trackers="tensorboard")
    toy_bench(out=tmp_path / "plain")
    assert (tmp_path / "runs" / "tensorboard").is_dir()
    assert not (tmp_path / "plain" / "tensorboard").exists()
    assert not any("trackers" in name for name, _ in registry.plugins().manager.list_name_plugin())


def test_an_unknown_tracker_is_said_with_the_closest(toy_bench: Bench) -> None:
    with pytest.raises(UnknownName, match="unknown tracker 'tensorbord'; did you mean 'tensorboard'"):
        toy_bench(trackers="tensorbord")
