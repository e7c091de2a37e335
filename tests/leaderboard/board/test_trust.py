"""The level of trust of each row: in every form of the tables, and gone when a file of the row changes."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from harness.leaderboard import aggregate, load, summary, write
from harness.leaderboard.board.board import Board
from harness.leaderboard.board.trust import AGAIN, CLAIMED, RECOMPUTED, least
from harness.leaderboard.site import publish
from harness.plugin import registry
from harness.results.store import JoinedStores, Store
from harness.results.verified import add_verification, content_of
from helpers.planted import Planted, TestSet

ON = TestSet("ferv39k", "1", clips=60)


def board_of(*roots: Path) -> Board:
    store = Store(roots[0]) if len(roots) == 1 else JoinedStores(roots)
    return load(store, registry.datasets(), registry.metrics())


def say(root: Path, name: str, outcome: str, into: Path | None = None, **changes: Any) -> None:
    """Write that a row was run again, as it is now."""
    board = board_of(root)
    row = str(board.rows.index[board.rows["name"] == name][0])
    content = content_of(job["path"] for job in board.jobs.by_row[row])
    found = {"content": content, "name": name, "dataset": "ferv39k", "jobs": 1, "drawn": 1, "chance": 1.0,
             "outcome": outcome, "reason": "why", **changes}  # fmt: skip
    record = {"draw": f"{name} {outcome} {content}", "salt": "s", "finished": "", "harness": "", "rows": {row: found}}
    add_verification(into or root, record)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    planted = Planted(tmp_path / "runs")
    for number, name in enumerate(("said", "computed", "again")):
        planted.row(name, 0.2 + number / 5, on=ON)
    next(planted.root.glob("*/said/*/predictions.parquet")).unlink()
    say(planted.root, "again", "alike")
    return planted.root


LEVELS = {"said": CLAIMED, "computed": RECOMPUTED, "again": AGAIN}


def trust(*roots: Path) -> dict[str, str]:
    levels: dict[str, str] = board_of(*roots).rows.set_index("name")["trust"].to_dict()
    return levels


def test_every_form_of_the_tables_shows_the_levels(root: Path, tmp_path: Path) -> None:
    board, specs, out = board_of(root), registry.metrics(), tmp_path / "out"
    write(board, out, specs)
    publish(board, out / "site", specs, [])
    assert trust(root) == LEVELS
    for name in ("ferv39k.csv", "overview.csv"):
        lines = csv.DictReader((out / name).read_text().splitlines())
        assert {line["name"]: line["trust"] for line in lines} == LEVELS
    (table,) = json.loads((out / "leaderboard.json").read_text())["tables"]
    assert {row["name"]: row["trust"] for row in table["rows"]} == LEVELS
    assert pd.read_parquet(out / "results.parquet").set_index("name")["trust"].to_dict() == LEVELS
    assert summary(board, specs).set_index("Method")["Trust"].to_dict() == LEVELS
    write(board, out, specs, columns=["trust"])  # which LaTeX shows where it is asked for: a paper's page is narrow
    for name in ("ferv39k.md", "ferv39k.tex", "overview.md", "overview.tex", "site/index.html", "site/d-ferv39k.html"):
        text = (out / name).read_text()
        assert all(level in text for level in LEVELS.values()), name


@pytest.mark.parametrize("file", ["result.json", "predictions.parquet", "history.parquet"])
def test_a_row_of_which_a_file_changed_loses_the_level(root: Path, file: str) -> None:
    path = next(root.glob(f"*/again/*/{file}"))
    if file == "result.json":
        path.write_text(path.read_text() + "\n")
    else:
        pd.read_parquet(path).assign(more=1).to_parquet(path)
    assert trust(root)["again"] == RECOMPUTED
    assert len(board_of(root).run_again.changed) == 1


def test_a_row_that_once_differed_is_not_ranked_however_often_it_was_alike(root: Path) -> None:
    say(root, "again", "differs")
    say(root, "again", "alike")
    board = board_of(root)
    rows = board.rows.set_index("name")
    assert (rows.loc["again", "trust"], rows.loc["again", "ranked"]) == (RECOMPUTED, False)


def test_what_could_not_be_run_again_says_nothing(root: Path) -> None:
    say(root, "computed", "cannot")
    assert trust(root) == LEVELS
    assert board_of(root).rows.set_index("name").loc["computed", "ranked"]


def test_of_several_folders_each_has_its_own_file(root: Path, tmp_path: Path) -> None:
    other = Planted(tmp_path / "more")
    other.row("elsewhere", 0.3, on=ON)
    say(other.root, "elsewhere", "alike")
    assert trust(root, other.root) == {**LEVELS, "elsewhere": AGAIN}


def test_without_its_predictions_nothing_is_recomputed(root: Path) -> None:
    """A board that reads results alone, and a row that has failed."""
    results = [*Store(root).results()]
    board = aggregate(results, registry.datasets())
    assert set(board.rows["trust"]) == {CLAIMED}
    failed = aggregate([{**results[0], "status": "failed"}], registry.datasets())
    assert failed.rows["trust"].tolist() == [""]


def test_rows_together_have_the_least_of_their_levels() -> None:
    assert least([AGAIN, CLAIMED, RECOMPUTED]) == CLAIMED
    assert least([AGAIN, RECOMPUTED]) == RECOMPUTED
