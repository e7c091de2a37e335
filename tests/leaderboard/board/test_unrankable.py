"""Rows that no table ranks, however whole they are."""

from __future__ import annotations

from pathlib import Path

from harness.leaderboard.board.board import aggregate
from harness.leaderboard.board.notes import row_notes
from harness.results.store import Store
from helpers.leaderboard_runs import Runs


def test_a_sketch_stands_in_the_table_without_a_rank(tmp_path: Path) -> None:
    runs = Runs(tmp_path)
    runs.bench(method="coop")
    runs.bench(method="loose", facts={"exactness": "sketch"})
    runs.bench(method="mscm-sketch", facts={"exactness": "sketch"})

    board = aggregate(Store(tmp_path).results(), {})
    rows = {row["method"]: row for row in board.as_rows}
    assert {name: bool(row["ranked"]) for name, row in rows.items()} == {
        "coop": True,
        "loose": False,
        "mscm-sketch": False,
    }
    assert [rows[name]["name"] for name in ("loose", "mscm-sketch")] == ["loose (sketch)", "mscm-sketch"]
    assert all(rows[name]["complete"] for name in rows)
    assert row_notes(board, rows["loose"]) == [
        "a sketch: its key part is not as published but made up here, never ranked"
    ]
