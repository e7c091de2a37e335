"""A comparison reads the predictions of two rows, and holds what it holds against them."""

from __future__ import annotations

from pathlib import Path

from harness.leaderboard import load, outline
from harness.leaderboard.compare import as_json, compare
from harness.plugin import registry
from harness.results.store import Store
from helpers.planted import Planted, TestSet


def test_predictions_of_the_two_rows_alone_are_read(tmp_path: Path) -> None:
    planted, on = Planted(tmp_path), TestSet("ferv39k", "1", clips=60)
    for method, skill in {"a": 0.4, "b": 0.8, "c": 0.6}.items():
        planted.row(method, skill, on=on, seeds=(1, 2))
    board = outline(Store(planted.root), registry.datasets())
    assert board.evidence.parts == {}
    (found,) = compare(board, "a", "b")
    assert set(found.board.evidence.parts) == {found.first["row"], found.second["row"]}
    (whole,) = compare(load(Store(planted.root), registry.datasets(), registry.metrics()), "a", "b")
    assert as_json([found]) == as_json([whole])


def test_scores_that_predictions_do_not_give_are_still_told(tmp_path: Path) -> None:
    planted, on = Planted(tmp_path), TestSet("ferv39k", "1", clips=60)
    planted.row("a", 0.4, on=on)
    planted.row("liar", 0.4, on=on, metrics={"war": 0.99, "uar": 0.99})
    (found,) = compare(outline(Store(planted.root), registry.datasets()), "a", "liar")
    assert any(note.startswith("B: its scores are not those that its own predictions give") for note in found.notes)
