"""`harness leaderboard` names what it wrote."""

from __future__ import annotations

import json
from pathlib import Path

from helpers.commands import Invoke
from helpers.planted import Planted, TestSet


def test_leaderboard_names_the_files_it_wrote(invoke: Invoke, toy_args: list[str], tmp_path: Path) -> None:
    invoke(*toy_args, "--folds", "all")
    told = json.loads(invoke("leaderboard", "--runs", "runs", "--out", "boards", "--json").out)
    files = told["files"]
    assert told["folders"] == ["boards/model-cards"]
    assert {Path(name).suffix for name in files} == {".md", ".csv", ".json", ".tex", ".parquet"}
    assert all((tmp_path / name).is_file() for name in files)
    shown = invoke("leaderboard").out
    assert "linear" in shown
    assert "leaderboards/overview.{md,csv,tex,json}" in shown.splitlines()


def test_leaderboard_prints_two_screens_at_most(invoke: Invoke, tmp_path: Path) -> None:
    planted = Planted(tmp_path / "runs")
    for dataset, folds in (("dfew", "12345"), ("ferv39k", "1"), ("mafw", "12345")):
        on = TestSet(dataset, folds, clips=30)
        for number in range(31):
            planted.row(f"method-{number:02d}", number / 31, on=on)
    shown = invoke("leaderboard").out
    assert "method-30" in shown
    assert len(shown.splitlines()) <= 60
    assert len(shown) < 10_000
