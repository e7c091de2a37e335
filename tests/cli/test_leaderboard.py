"""`harness leaderboard` names what it wrote."""

from __future__ import annotations

import json
from pathlib import Path

from helpers.commands import Invoke


def test_leaderboard_names_the_files_it_wrote(invoke: Invoke, toy_args: list[str], tmp_path: Path) -> None:
    invoke(*toy_args, "--folds", "all")
    files = json.loads(invoke("leaderboard", "--runs", "runs", "--out", "boards", "--json").out)["files"]
    assert {Path(name).suffix for name in files} == {".md", ".csv", ".json", ".tex", ".parquet"}
    assert all((tmp_path / name).is_file() for name in files)
    assert "linear" in invoke("leaderboard").out
