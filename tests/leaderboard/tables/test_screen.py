"""What a terminal shows of a board."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.leaderboard import load
from harness.leaderboard.board.across import across_tables
from harness.leaderboard.board.board import Board
from harness.leaderboard.tables.screen import LINES, Screen, by_stem, screens
from harness.plugin import registry
from harness.results.store import Store
from helpers.planted import Planted, TestSet


def shown(planted: Planted) -> tuple[Board, list[Screen]]:
    board = load(Store(planted.root), registry.datasets(), registry.metrics())
    return board, screens(board, across_tables(board), registry.metrics())


def test_a_line_has_the_scores_of_every_dataset(tmp_path: Path) -> None:
    planted = Planted(tmp_path)
    planted.row("whole", 1.0, on=TestSet(clips=30))
    planted.row("whole", 1.0, on=TestSet("ferv39k", "1", clips=40))
    planted.row("partial", 0.2, on=TestSet(clips=30), folds="12")
    board, (table,) = shown(planted)
    assert table.columns == ["Method", "DFEW #", "WAR", "UAR", "FERV39k #", "WAR", "UAR"]
    row = board.rows[(board.rows["name"] == "whole") & (board.rows["dataset"] == "ferv39k")].iloc[0]
    assert table.lines[0][4:] == ["1", f"{row['war_mean'] * 100:.2f}", f"{row['uar_mean'] * 100:.2f}"]
    assert table.lines[1] == ["partial", "–", "2/5 folds", "", "–", "–", "–"]
    assert any("partial, ViT-B-32 (openai) on DFEW: incomplete, not ranked" in text for text in table.below)


def test_many_rows_and_long_names_are_cut_and_it_is_said(tmp_path: Path) -> None:
    planted, on = Planted(tmp_path), TestSet("ferv39k", "1", clips=20)
    for number in range(LINES + 5):
        planted.row(f"method-{number}" + "x" * 60, 0.5, on=on)
    _, (table,) = shown(planted)
    assert len(table.lines) == LINES
    assert max(len(line[0]) for line in table.lines) == 36
    assert f"the best {LINES} of {LINES + 5} rows" in table.below


def test_many_protocols_share_two_screens(tmp_path: Path) -> None:
    planted, on = Planted(tmp_path), TestSet("ferv39k", "1", clips=20)
    for number in range(6):
        for method in range(12):
            planted.row(f"m{method}", 0.5, on=on, identity={"protocol": {"crop_source": f"crops {number}"}})
    _, tables = shown(planted)
    assert sum(len(table.lines) for table in tables) <= LINES
    assert tables[-1].below[-1] == "2 more tables, of other protocols, are in the files"


@pytest.mark.parametrize(
    ("names", "lines"),
    [
        (["a/dfew.md", "a/dfew.csv", "a/results.parquet"], ["a/dfew.{md,csv}", "a/results.parquet"]),
        (["x.y/m.json"], ["x.y/m.json"]),
    ],
)
def test_files_of_one_stem_are_named_together(names: list[str], lines: list[str]) -> None:
    assert by_stem(map(Path, names)) == lines
