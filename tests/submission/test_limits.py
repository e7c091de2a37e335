"""The docs tell the limits that hold."""

from __future__ import annotations

from pathlib import Path

from harness.submission.limits import in_words

PAGE = Path(__file__).parents[2] / "docs" / "submit.md"


def test_the_limits_in_the_docs_are_those_that_hold() -> None:
    text = PAGE.read_text(encoding="utf-8")
    table = text.partition("| limit | |\n|---|---|\n")[2].partition("\n\n")[0]
    assert table.splitlines() == [f"| {what} | {most} |" for what, most in in_words()]
