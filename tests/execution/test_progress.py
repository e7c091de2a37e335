"""What a person sees of a run: lines in a log, bars in a terminal, nothing when quiet."""

from __future__ import annotations

import io
import os
import pty
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TextIO

import pytest
from rich.console import Console

from harness.core.events import Event
from harness.core.request import build_request
from harness.execution.progress import JobBars, JobLines, figures, progress, verdict
from harness.planning.plan import Plan, make_plan
from harness.system import progress_lines

DONE = {"status": "done", "metrics": {"war": 0.5, "uar": 0.25}, "error": None}
FAILED = {"status": "failed", "metrics": {}, "error": "loss is nan [bold]\nsecond line"}


@pytest.fixture
def plan(toy_flags: dict[str, Any]) -> Plan:
    return make_plan(build_request({**toy_flags, "methods": "linear,zero-shot-clip", "seeds": "1"}))


def events(plan: Plan) -> list[Event]:
    first, second = (job.id for job in plan.todo)
    epoch = {"stage": "head", "epoch_total": 1, "epochs": 2, "loss": 0.75, "val_war": 0.5, "val_uar": 0.4}
    return [
        {"event": "fill"},
        {"event": "started", "job": first},
        {"event": "phase", "job": first, "phase": "fit"},
        {"event": "step", "job": first, "stage": "head", "step": 50, "steps": 99, "loss": 1.5},
        {"event": "epoch", "job": first, **epoch},
        {"event": "finished", "job": first, "result": DONE},
        {"event": "started", "job": second},
        {"event": "finished", "job": second, "result": FAILED},
        {"event": "started", "job": "of another run"},
    ]


def lines(plan: Plan, every: float, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setattr(progress_lines, "EVERY", every)
    text = io.StringIO()
    show = JobLines(plan, Console(file=text, width=40))
    for event in events(plan):
        show(event)
    return text.getvalue().splitlines()


def test_a_log_gets_one_line_for_each_start_and_end(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    assert lines(plan, every=1e9, monkeypatch=monkeypatch) == [
        "started toy/1 linear seed 1",
        "[1/2] toy/1 linear seed 1  WAR 50.00  UAR 25.00",
        "started toy/1 zero-shot-clip seed 1",
        "[2/2] toy/1 zero-shot-clip seed 1  failed: loss is nan [bold]",
    ]


def test_a_log_gets_epochs_and_encoding_now_and_then(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    found = lines(plan, every=-1, monkeypatch=monkeypatch)
    assert found[0] == f"encoded 1/{len(plan.fills)} batches of clips"
    assert found[2] == "toy/1 linear seed 1  head epoch 1/2  loss 0.750  val WAR 50.0"
    assert len(found) == 6


@dataclass
class Terminal:
    """A pseudo-terminal: what is written to `slave` is shown by `text`."""

    slave: TextIO
    master: int

    def text(self) -> str:
        self.slave.write("\0end")
        self.slave.flush()
        shown = b""
        while not shown.endswith(b"\0end"):
            shown += os.read(self.master, 65536)
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown.decode())


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminal]:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "160")
    for name in ("NO_COLOR", "CI", "TTY_COMPATIBLE", "TTY_INTERACTIVE", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    master, slave = pty.openpty()
    with os.fdopen(slave, "w") as file:
        yield Terminal(file, master)
    os.close(master)


def test_a_terminal_gets_a_bar_over_jobs_and_a_line_for_each_running_job(plan: Plan, terminal: Terminal) -> None:
    with JobBars(plan, Console(file=terminal.slave)) as bars:
        for event in events(plan):
            bars(event)
            bars.display.refresh()
    shown = terminal.text()
    for part in ("jobs", "0/2", "1/2", "2/2", "encoding clips", "training", "step 50/99  loss 1.500"):
        assert part in shown, part
    assert "head  loss 0.750  val WAR 50.0" in shown
    assert "toy/1 linear seed 1  WAR 50.00  UAR 25.00" in shown
    assert "failed: loss is nan [bold]" in shown


def test_a_job_started_again_has_one_line(plan: Plan, terminal: Terminal) -> None:
    bars = JobBars(plan, Console(file=terminal.slave))
    start = {"event": "started", "job": plan.todo[0].id}
    bars(start)
    bars(start)  # its worker died, and another took it up
    assert len(bars.display.tasks) == 3  # jobs, encoding, and it


def test_standard_error_decides_between_bars_and_lines(
    plan: Plan, terminal: Terminal, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with progress(plan, quiet=False) as send:
        assert isinstance(send, JobLines)
        send(events(plan)[1])
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "started toy/1 linear seed 1\n")
    monkeypatch.setattr(sys, "stderr", terminal.slave)
    with progress(plan, quiet=False) as send:
        assert isinstance(send, JobBars)


def test_quiet_shows_nothing(plan: Plan, capsys: pytest.CaptureFixture[str]) -> None:
    with progress(plan, quiet=True) as send:
        for event in events(plan):
            send(event)
    assert capsys.readouterr() == ("", "")


def test_what_is_done_already_is_said(toy_flags: dict[str, Any], plan: Plan, terminal: Terminal) -> None:
    kept = Plan(plan.jobs, plan.todo[:1], plan.fills, plan.context)
    with JobBars(kept, Console(file=terminal.slave)):
        pass
    assert "1 already done" in terminal.text()


@pytest.mark.parametrize(
    ("result", "text"),
    [
        (DONE, "WAR 50.00  UAR 25.00"),
        ({"status": "done", "metrics": {"mine": 1.0}}, "done"),
        (FAILED, "failed: loss is nan [bold]"),
        ({"status": "failed", "error": ""}, "failed: no reason given"),
    ],
)
def test_a_verdict_is_one_line(result: dict[str, Any], text: str) -> None:
    assert verdict(result) == text


def test_figures_under_oracle_say_so() -> None:
    assert figures({"loss": 1, "test_war": 0.123}) == "loss 1.000  test WAR (oracle) 12.3"
    assert figures({"val_war": None}) == ""
