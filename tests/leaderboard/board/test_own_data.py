"""Clips of one's own in one store: they do not mix, and a row without all folds of its protocol is not complete."""

from __future__ import annotations

from typing import Any

from harness.core.dataset_spec import DatasetSpec
from harness.leaderboard import Board, aggregate
from harness.leaderboard.board.notes import row_notes
from harness.leaderboard.tables.pages import dataset_page
from helpers.leaderboard_runs import dataset_spec, make_result

FIVE = ["1", "2", "3", "4", "5"]
OPEN: dict[str, DatasetSpec] = {"folder": dataset_spec("folder", "", "Folder")}


def made(split: str, folds: list[str], done: list[str], **fields: Any) -> list[dict[str, Any]]:
    name = fields.pop("dataset", "folder")
    return [
        make_result(
            dataset=name,
            fold=fold,
            fingerprint=split * 24,
            protocol={"split_sha256": split * 64},
            folds=folds,
            reader="folder",
            official=True,
            **fields,
        )
        for fold in done
    ]


def rows(board: Board) -> dict[str, tuple[int, int, bool, bool]]:
    return {
        row["dataset"]: (row["folds_done"], row["folds_total"], bool(row["complete"]), bool(row["ranked"]))
        for row in board.as_rows
    }


def test_three_of_five_folds_are_not_all() -> None:
    board = aggregate(made("a", FIVE, ["1", "2", "3"]), OPEN)
    assert rows(board) == {"folder": (3, 5, False, False)}
    [row] = board.as_rows
    assert row_notes(board, row) == ["incomplete, not ranked: no fold 4 seed 1, no fold 5 seed 1"]


def test_two_nameless_datasets_are_told_apart() -> None:
    whole, other = made("a", ["1", "2"], ["1", "2"]), made("b", FIVE, ["1", "2", "3"])
    board = aggregate([*whole, *other], OPEN)
    assert rows(board) == {
        "folder-aaaaaaaa": (2, 2, True, True),
        "folder-bbbbbbbb": (3, 5, False, False),
    }
    alone = aggregate(whole, OPEN)
    assert set(alone.rows.index) < set(board.rows.index)  # the hash of a row does not hang on its neighbours
    page = dataset_page(board, board.sections["folder-aaaaaaaa", False], {})
    assert page.startswith("# folder-aaaaaaaa")
    assert "split aaaaaaaa" in page


def test_one_name_for_two_data_on_a_machine_that_knows_neither() -> None:
    results = [*made("a", ["1"], ["1"], dataset="films"), *made("b", FIVE, FIVE, dataset="films")]
    assert rows(aggregate(results, {})) == {"films-aaaaaaaa": (1, 1, True, True), "films-bbbbbbbb": (5, 5, True, True)}


def test_names_that_differ_stay_as_they_are() -> None:
    results = [*made("a", ["1"], ["1"], dataset="films"), *made("b", FIVE, FIVE, dataset="tapes")]
    board = aggregate(results, OPEN)
    assert rows(board) == {"films": (1, 1, True, True), "tapes": (5, 5, True, True)}
    page = dataset_page(board, board.sections["films", False], {})
    assert "not registered" not in page


def test_a_failed_job_that_read_nothing_is_of_the_data_it_was_planned_for() -> None:
    good = made("a", FIVE, FIVE[:4])
    [bad] = made("a", [], ["5"], status="failed", metrics={}, confusion=None, error="RuntimeError")
    del bad["folds"], bad["reader"]
    board = aggregate([*good, bad, *made("b", ["1"], ["1"])], OPEN)
    assert rows(board)["folder-aaaaaaaa"] == (4, 5, False, False)


def test_splits_of_a_dataset_with_fixed_folds_stay_one_dataset() -> None:
    known = {"toyset": dataset_spec()}
    results = [
        make_result(fold=fold, protocol={"split_sha256": split * 64}, folds=["1"]) for split in "ab" for fold in "12345"
    ]
    board = aggregate(results, known)
    assert {row["dataset"] for row in board.as_rows} == {"toyset"}
    assert all(row["folds_total"] == 5 for row in board.as_rows)  # those of the plugin, whatever a result says
