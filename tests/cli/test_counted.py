"""Progress of long commands: lines in a log, bars in a terminal, nothing when quiet."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from harness.cli import counted
from harness.system import progress_lines


def shown(monkeypatch: pytest.MonkeyPatch, *, terminal: bool, quiet: bool = False) -> str:
    text = io.StringIO()
    monkeypatch.setattr(counted, "err", Console(file=text, force_terminal=terminal, width=100))
    with counted.counting(quiet=quiet) as counter:
        advance = counter("decoding clips")
        for done in range(1001):
            advance(done, 1000)
    return text.getvalue()


def test_lines_in_a_log_tell_start_and_end(monkeypatch: pytest.MonkeyPatch) -> None:
    assert shown(monkeypatch, terminal=False).splitlines() == [
        "decoding clips: 0 of 1,000",
        "decoding clips: 1,000 of 1,000",
    ]


def test_now_and_then_in_between(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress_lines, "EVERY", -1.0)
    assert len(shown(monkeypatch, terminal=False).splitlines()) == 1001


def test_a_bar_in_a_terminal_and_nothing_when_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "1000/1000" in shown(monkeypatch, terminal=True)
    assert shown(monkeypatch, terminal=True, quiet=True) == ""
