"""Findings of one kind are one line."""

from __future__ import annotations

from harness.leaderboard.audit.finding import Finding, Level
from harness.leaderboard.audit.kinds import by_kind


def finding(level: Level, code: str, name: str, message: str = "text", dataset: str = "dfew") -> Finding:
    return Finding(level, code, dataset, "r", name, message)


def test_kinds_keep_the_order_and_count_what_they_hold() -> None:
    found = [
        finding("error", "edited", "a"),
        finding("warning", "spread", "a"),
        finding("warning", "spread", "b", dataset="mafw"),
        finding("note", "spread", "c"),
    ]
    kinds = by_kind(found)
    assert [(kind.level, kind.code, len(kind.findings)) for kind in kinds] == [
        ("error", "edited", 1),
        ("warning", "spread", 2),
        ("note", "spread", 1),
    ]
    assert (kinds[1].datasets, kinds[1].rows) == ("dfew, mafw", "a; b")


def test_only_an_error_is_told_at_any_length() -> None:
    error, warning = by_kind([finding("error", "x", "a", "e" * 400), finding("warning", "x", "a", "w" * 400)])
    assert error.example == "e" * 400
    assert len(warning.example) == 110
    assert warning.example.endswith("…")


def test_rows_beyond_the_first_are_counted() -> None:
    (kind,) = by_kind([finding("note", "x", f"row {number}") for number in range(40)])
    assert kind.rows == "row 0; row 1; row 2; 37 more"
