"""Multiply-adds are counted once for all folds, seeds and processes that share a cache."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.cost import cache as cost_cache
from harness.jobs import score
from helpers import bench


@pytest.fixture
def counts(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The methods that were really counted."""
    seen: list[str] = []
    real = cost_cache.cost_of

    def count(method: Any, task: Any) -> dict[str, Any]:
        seen.append(type(method).__name__)
        return real(method, task)

    monkeypatch.setattr(cost_cache, "cost_of", count)
    monkeypatch.setattr(score, "_speeds", {})
    return seen


def costs(root: Path, out: Path, **flags: Any) -> list[dict[str, Any]]:
    measured = ("latency_ms", "clips_per_second", "peak_memory_mb")
    results = bench.run(bench.plan(root, out, **flags))
    return [{name: value for name, value in result["cost"].items() if name not in measured} for result in results]


def test_one_count_serves_folds_and_seeds(toy_root: Path, toy_plugin: None, tmp_path: Path, counts: list[str]) -> None:
    found = costs(toy_root, tmp_path / "runs", folds="all", seeds="1,2")
    assert len(found) > 2
    assert counts == ["CoOp"]
    assert found == [found[0]] * len(found)
    assert found[0]["gflops"] > 0


def test_other_options_are_counted_anew(toy_root: Path, toy_plugin: None, tmp_path: Path, counts: list[str]) -> None:
    (one,) = costs(toy_root, tmp_path / "one")
    (two,) = costs(toy_root, tmp_path / "two", set={"coop": {"class_specific": True}})
    assert counts == ["CoOp", "CoOp"]
    assert two["params_trainable"] > one["params_trainable"]


def test_changed_code_counts_anew(
    toy_root: Path, toy_plugin: None, tmp_path: Path, counts: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    costs(toy_root, tmp_path / "one")
    monkeypatch.setattr(cost_cache, "_counter", lambda: "another commit")
    costs(toy_root, tmp_path / "two")
    assert counts == ["CoOp", "CoOp"]


@pytest.mark.parametrize("text", ["", '{"gflops": 1'])
def test_a_torn_file_is_counted_anew(
    toy_root: Path, toy_plugin: None, tmp_path: Path, counts: list[str], text: str
) -> None:
    first = costs(toy_root, tmp_path / "one")
    (file,) = (tmp_path / "cache" / "costs").iterdir()
    file.write_text(text)
    assert costs(toy_root, tmp_path / "two") == first
    assert counts == ["CoOp", "CoOp"]


def test_a_cache_that_cannot_be_written_costs_no_job(
    toy_root: Path, toy_plugin: None, tmp_path: Path, counts: list[str]
) -> None:
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "costs").write_text("in the way")
    (found,) = costs(toy_root, tmp_path / "runs")
    assert found["gflops"] > 0
