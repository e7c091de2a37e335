"""Classes that a fold lacks, and what the data of a row were told to lack: in its numbers, its notes and the audit."""

from __future__ import annotations

from harness.leaderboard import Board, aggregate
from harness.leaderboard.audit import audit
from harness.leaderboard.board.doubts import not_defined
from harness.leaderboard.board.notes import row_notes
from helpers.leaderboard_runs import dataset_spec, make_result

SPECS = {"toyset": dataset_spec(folds="12")}
UNTRAINED = {"code": "class-never-trained", "message": "no training clip of anger (2 test clips)"}


def board(**of_the_first: object) -> Board:
    """Two folds, of which the second tests no clip of the first class."""
    first = make_result(fold="1", predictions=([0, 0, 1, 2], [0, 1, 1, 2]), **of_the_first)  # type: ignore[arg-type]
    second = make_result(fold="2", predictions=([1, 1, 2, 2], [1, 1, 2, 0]))
    return aggregate([first, second], SPECS)


def test_the_recall_of_a_class_is_the_mean_over_the_folds_that_test_it() -> None:
    row = board().as_rows[0]
    assert row["recall.anger_mean"] == row["recall.anger_pooled"] == 0.5
    assert row["recall.happiness_mean"] == 1.0


def test_a_uar_over_fewer_classes_carries_a_note() -> None:
    found = board()
    assert "fold 2: no test clip of anger, so UAR is the mean over 2 of 3 classes" in row_notes(found, found.as_rows[0])


def test_what_results_say_of_their_data_is_a_note_and_a_finding() -> None:
    found = board(doubts=[UNTRAINED])
    text = "fold 1: no training clip of anger (2 test clips)"
    assert text in row_notes(found, found.as_rows[0])
    told = {finding.code: (finding.level, finding.message) for finding in audit(found, {})}
    assert told["class-never-trained"] == ("warning", text)
    assert "class-never-tested" in told


def test_a_row_whose_folds_test_every_class_has_no_note() -> None:
    whole = ([0, 1, 2, 2], [0, 1, 2, 0])
    found = aggregate([make_result(fold=fold, predictions=whole) for fold in "12"], SPECS)
    assert found.untested == {}
    assert not not_defined(found.folds, found.untested).any(axis=None)
    assert row_notes(found, found.as_rows[0]) == ["not on the official split"] * (not found.as_rows[0]["official"])


def test_a_value_that_is_missing_otherwise_is_still_missing() -> None:
    first = make_result(fold="1", predictions=([0, 1, 2], [0, 1, 2]))
    del first["metrics"]["recall.happiness"]
    second = make_result(fold="2", predictions=([0, 1, 2], [0, 1, 2]))
    row = aggregate([first, second], SPECS).as_rows[0]
    assert row["recall.happiness_mean"] != row["recall.happiness_mean"]  # NaN
