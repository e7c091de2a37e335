"""Several `--runs`: joined, with a job of two folders counted once, and never one of them in silence."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from helpers.commands import Cli, Invoke
from helpers.planted import Planted, TestSet


@pytest.fixture
def two(tmp_path: Path) -> tuple[Path, Path]:
    """Row `a` in one folder, rows `a` and `b` in the other; the results of `a` are the same."""
    on = TestSet("ferv39k", "1", clips=40)
    one, other = Planted(tmp_path / "one"), Planted(tmp_path / "other")
    one.row("a", 0.9, on=on, seeds=(1, 2))
    shutil.copytree(one.root, other.root)
    other.row("b", 0.4, on=on)
    return one.root, other.root


def test_a_leaderboard_holds_the_rows_of_both_and_a_job_once(
    invoke: Invoke, two: tuple[Path, Path], tmp_path: Path
) -> None:
    whole, both = tmp_path / "whole", tmp_path / "both"
    invoke("leaderboard", "--runs", two[1], "--out", whole, "--json")
    invoke("leaderboard", "--runs", two[0], "--runs", two[1], "--out", both, "--json")
    assert (both / "ferv39k.csv").read_text() == (whole / "ferv39k.csv").read_text()
    assert [line.split(",")[4] for line in (both / "ferv39k.csv").read_text().splitlines()] == ["name", "a", "b"]


def test_rows_of_different_folders_are_compared(invoke: Invoke, tmp_path: Path) -> None:
    on = TestSet("ferv39k", "1", clips=40)
    first, second = Planted(tmp_path / "first"), Planted(tmp_path / "second")
    first.row("a", 0.9, on=on)
    second.row("b", 0.4, on=on)
    (found,) = json.loads(invoke("compare", "a", "b", "--runs", first.root, "--runs", second.root, "--json").out)
    assert found["clips"] == 40


def test_different_results_of_one_job_are_refused_and_both_named(invoke: Invoke, two: tuple[Path, Path]) -> None:
    path = next(two[0].glob("*/a/*/result.json"))
    result = json.loads(path.read_text())
    path.write_text(json.dumps({**result, "metrics": {**result["metrics"], "war": 0.99}}))
    done = invoke("audit", "--runs", two[0], "--runs", two[1])
    assert done.code == 2
    assert f"{path.parent} and {two[1] / path.parent.relative_to(two[0])} are different results of one job" in done.err


@pytest.mark.parametrize("command", ["leaderboard", "audit", "status"])
def test_a_folder_that_is_not_there_is_named(command: str, invoke: Invoke, two: tuple[Path, Path]) -> None:
    done = invoke(command, "--runs", two[0], "--runs", "nowhere")
    assert done.code == 2
    assert "nowhere: no such folder" in done.err


def test_what_looks_at_one_folder_refuses_a_second(invoke: Invoke, two: tuple[Path, Path]) -> None:
    done = invoke("doctor", "--runs", two[0], "--runs", two[1])
    assert done.code == 2
    assert "harness doctor looks at one runs folder at a time, not at 2" in done.err


def test_status_counts_a_job_of_two_folders_once(invoke: Invoke, two: tuple[Path, Path]) -> None:
    rows = json.loads(invoke("status", "--runs", two[0], "--runs", two[1], "--json").out)["rows"]
    assert {row["method"]: row["done"] for row in rows} == {"a": 2, "b": 1}


def test_output_that_is_no_terminal_cuts_no_name(cli: Cli) -> None:
    for columns in ("20", "80"):
        shown = cli("list", "methods", COLUMNS=columns).stdout
        assert "biehpro-baseline" in shown
        assert "harness_plugins.methods.zero_shot_clip" in shown
        assert "…" not in shown
