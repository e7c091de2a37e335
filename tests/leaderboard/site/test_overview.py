"""The first page's table: a line a method, scores of every dataset, and no number that is not there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.leaderboard import load
from harness.leaderboard.board.across import across_tables
from harness.leaderboard.board.board import Board
from harness.leaderboard.board.published import read_published, verdicts
from harness.leaderboard.site.method_facts import facets, facts_of, links_of
from harness.leaderboard.site.overview import overview
from harness.plugin import registry
from harness.results.store import Store
from helpers.planted import Planted, TestSet


def table_of(board: Board, judged: Any = ()) -> dict[str, Any]:
    (part,) = across_tables(board)[False]
    return overview(board, part, registry.metrics(), judged)


def board_of(planted: Planted) -> Board:
    return load(Store(planted.root), registry.datasets(), registry.metrics())


def test_a_partial_row_shows_its_folds_and_no_mean(tmp_path: Path) -> None:
    planted = Planted(tmp_path)
    planted.row("whole", 1.0, on=TestSet(clips=30), seeds=(1, 2))
    planted.row("whole", 1.0, on=TestSet("ferv39k", "1", clips=30))
    planted.row("partial", 1.5, on=TestSet(clips=30), folds="123")
    table = table_of(board_of(planted))
    assert [place["title"] for place in table["datasets"]] == ["DFEW", "FERV39k"]
    whole, partial = table["rows"]
    assert [cell["text"] for cell in partial["cells"][:5]] == ["3/5 folds", "–", "–", "–", "–"]
    assert partial["notes"][0].startswith("DFEW: incomplete, not ranked")
    assert [cell["text"] for cell in whole["cells"][4:6]] == ["1.0 [1.0, 1.0]", "1 to 2"]


def test_the_papers_number_stands_under_ours(tmp_path: Path) -> None:
    planted = Planted(tmp_path)
    planted.row("a3lign", 1.0, on=TestSet(clips=30))
    board = board_of(planted)
    judged = verdicts(board, read_published(), registry.methods())
    printed = next(verdict for verdict in judged if verdict.metric.lower() == "war")
    (row,) = table_of(board, judged)["rows"]
    assert f"paper {printed.reported * 100:.2f}" in row["cells"][0]["small"]
    assert not any(text.startswith("paper") for text in table_of(board)["rows"][0]["cells"][0]["small"])


def test_facts_that_do_not_differ_are_no_filter(tmp_path: Path) -> None:
    planted, on = Planted(tmp_path), TestSet("ferv39k", "1", clips=30)
    for name, year in (("a", 2019), ("b", 2021)):
        planted.row(name, on=on, facts={"family": "CLIP", "year": year})
    board = board_of(planted)
    found = facets([facts_of(board, row) for row in board.as_rows])
    assert found == [{"name": "year", "title": "Year", "values": ["2019", "2021"]}]


@pytest.mark.parametrize(
    ("given", "link"),
    [
        ("https://doi.org/10.1000/1", "https://doi.org/10.1000/1"),
        ("Zhou et al., IJCV 2022", ""),
        ("javascript:alert(1)", ""),
        ('https://a.b/"onclick=x', ""),
        ("https://a.b/ c", ""),
    ],
)
def test_only_an_address_becomes_a_link(tmp_path: Path, given: str, link: str) -> None:
    planted = Planted(tmp_path)
    planted.row("a", on=TestSet("ferv39k", "1", clips=30), facts={"paper": given})
    board = board_of(planted)
    assert links_of(board, board.as_rows[0]) == [{"name": "paper", "text": given, "link": link}]


def test_a_method_has_a_link_to_its_page(tmp_path: Path) -> None:
    planted = Planted(tmp_path)
    planted.row("a", on=TestSet("ferv39k", "1", clips=30), facts={"paper": ""})
    board = board_of(planted)
    page = "https://a.b/docs/a.html"
    assert links_of(board, board.as_rows[0], "https://a.b/docs/{method}.html") == [
        {"name": "docs", "text": page, "link": page}
    ]
