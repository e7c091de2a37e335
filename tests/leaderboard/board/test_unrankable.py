"""Rows that no table ranks, however whole they are."""

from __future__ import annotations

from pathlib import Path

from harness.leaderboard.audit import audit
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


def test_weights_of_the_authors_are_a_row_of_their_own_with_scores_and_no_rank(tmp_path: Path) -> None:
    runs = Runs(tmp_path)
    runs.bench(method="coop")
    given = {"protocol": {"selection": "authors"}, "weights": {"authors": "9" * 64}, "selection": "authors"}
    runs.add(method="coop", **{**given, "fold": "2"})

    board = aggregate(Store(tmp_path).results(), {})
    [row] = [row for row in board.as_rows if row["selection"] == "authors"]
    assert (row["name"], row["complete"], bool(row["ranked"])) == ("coop (authors' weights)", True, False)
    assert (row["folds_done"], row["folds_total"]) == (1, 1)
    assert 0 < row["war_mean"] < 1
    assert [note for note in row_notes(board, row) if "never ranked" in note] == [
        "weights of the authors, only tested here, on one fold, and chosen by a rule of theirs, never ranked"
    ]
    assert not [finding for finding in audit(board, {}) if finding.row == row["row"] and finding.level == "error"]


def test_one_file_of_the_authors_on_two_folds_is_an_error(tmp_path: Path) -> None:
    runs = Runs(tmp_path)
    given = {"protocol": {"selection": "authors"}, "weights": {"authors": "9" * 64}, "selection": "authors"}
    for fold in "12":
        runs.add(method="coop", fold=fold, **given)

    board = aggregate(Store(tmp_path).results(), {})
    [row] = board.as_rows
    assert not row["complete"]
    said = [finding.message for finding in audit(board, {}) if finding.code == "test-data-seen"]
    assert said == ["one file of the authors tested on folds 1, 2: of all but one it has trained on the test clips"]
