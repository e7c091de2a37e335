"""The matrix of paired tests: the ten best, and any pair to choose."""

from __future__ import annotations

import itertools
from typing import Any

from harness.leaderboard.site.pairs import choices, matrices, p_value

TEST = {"difference": 0.0512, "low": 0.01, "high": 0.09, "p": 0.001, "p_holm": 0.0123}
ROWS = [f"row{number}" for number in range(13)]
PAIRS: list[dict[str, Any]] = [
    {"first": a, "second": b, "war": TEST, "uar": {**TEST, "p_holm": 1.0}} for a, b in itertools.combinations(ROWS, 2)
]
NAMES = {row: row.upper() for row in ROWS}


def test_the_ten_best_are_shown_and_all_can_be_chosen() -> None:
    war, _ = matrices(PAIRS, NAMES)
    assert [name["name"] for name in war["names"]] == [f"ROW{number}" for number in range(10)]
    assert war["tested"] == 13
    found = choices(PAIRS, NAMES)
    assert found["names"] == list(NAMES.values())
    assert len(found["pairs"]) == 13 * 12 / 2
    assert found["pairs"][0] == [0, 1, [5.12, 1.0, 9.0, 0.012], [5.12, 1.0, 9.0, 1.0]]


def test_no_pair_gives_no_matrix() -> None:
    assert matrices([], {}) == []
    assert choices([], {})["pairs"] == []


def test_a_p_value_is_never_nothing() -> None:
    assert [p_value(p) for p in (0.0, 0.00005, 0.012345, 1.0)] == ["p < 0.0001", "p < 0.0001", "p = 0.012", "p = 1"]
