"""What a notebook sees."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import harness
from harness.core.errors import BadOption
from helpers.commands import Bench


def test_a_bench_returns_its_results(toy_bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    results = toy_bench(folds="all", seeds=[1, 2])
    assert isinstance(results, harness.Results)
    assert len(results) == 4
    assert [(r["fold"], r["seed"]) for r in results] == [("1", 1), ("1", 2), ("2", 1), ("2", 2)]
    assert results[0] == next(iter(results))
    assert capsys.readouterr() == ("", "")


def test_a_frame_has_one_row_a_job(toy_bench: Bench) -> None:
    broken = [{"name": "broken", "method": "linear", "set": {"fault": "raise"}}]
    frame = toy_bench(methods="linear", variant=broken, folds="all").frame()
    assert list(frame["status"]) == ["done", "failed", "done", "failed"]
    columns = {
        "dataset",
        "fold",
        "method",
        "variant",
        "seed",
        "id",
        "selection",
        "epoch",
        "error",
        "backbone",
        "frames",
    }
    assert columns | {"war", "uar", "params_trainable", "peak_memory_mb", "seconds"} <= set(frame.columns)
    done = frame[frame["status"] == "done"]
    assert done["war"].between(0, 1).all()
    assert frame["war"].notna().tolist() == [True, False, True, False]


def test_results_kept_from_before_are_among_them(toy_bench: Bench) -> None:
    first = toy_bench()
    again = toy_bench(folds="all")
    assert again[0]["provenance"] == first[0]["provenance"]
    assert len(again) == 2


def test_force_runs_again(toy_bench: Bench, tmp_path: Path) -> None:
    (first,) = toy_bench()
    (Path(first["path"]) / "mark").write_text("")
    (again,) = toy_bench(force=True)
    assert again["id"] == first["id"]
    assert not (Path(again["path"]) / "mark").exists()


def test_predictions_of_a_result(toy_bench: Bench) -> None:
    results = toy_bench()
    frame = results.predictions(results[0])
    assert (frame["label"] == frame["prediction"]).mean() == pytest.approx(results[0]["metrics"]["war"])


def test_a_bench_file_with_arguments_over_it(toy_flags: dict[str, Any], tmp_path: Path) -> None:
    file = tmp_path / "bench.toml"
    file.write_text('methods = "coop"\nfolds = "all"\n[set.linear]\nepochs = 1\n[[variant]]\nname="v"\nmethod="linear"')
    results = harness.bench(file, quiet=True, **toy_flags)
    assert [(r["method"], r["variant"], r["options"]["epochs"]) for r in results] == [
        ("linear", "", 1),
        ("linear", "v", 1),
    ]


def test_progress_goes_to_standard_error(toy_flags: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    harness.bench(**toy_flags)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "[1/1] toy/1 linear seed 1  WAR" in captured.err


def test_a_wrong_argument_is_an_error_with_a_suggestion(toy_bench: Bench) -> None:
    with pytest.raises(BadOption, match="did you mean 'methods'"):
        toy_bench(method="linear")


def test_an_unknown_attribute_of_the_package_is_an_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'benchmark'"):
        getattr(harness, "benchmark")  # noqa: B009


def test_everything_in_all_is_there() -> None:
    assert [name for name in harness.__all__ if not hasattr(harness, name)] == []
