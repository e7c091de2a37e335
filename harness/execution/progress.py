"""Show a run while it runs: bars in a terminal, plain lines in a log, or nothing. Always on standard error."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from harness.core.events import Event, EventSink
from harness.core.job import JobSpec
from harness.planning.plan import Plan
from harness.system.progress_lines import ProgressLines
from harness.system.screen import Screen

PHASES = {
    "load": "loading",
    "encode": "encoding",
    "fit": "training",
    "test": "testing",
    "score": "scoring",
}


@contextmanager
def progress(plan: Plan, *, quiet: bool) -> Iterator[EventSink]:
    """Give what to send events to: a live display in a terminal, lines elsewhere, nothing when quiet."""
    console = Screen(stderr=True)
    if quiet:
        yield lambda event: None
    elif console.is_terminal:
        with JobBars(plan, console) as bars:
            yield bars
    else:
        yield JobLines(plan, console)


def figures(event: Mapping[str, Any]) -> str:
    """Return loss and whatever was measured on held-out clips, for one line."""
    parts = [f"loss {event['loss']:.3f}"] if "loss" in event else []
    names = {"val_war": "val WAR", "test_war": "test WAR (oracle)"}
    parts += [f"{title} {100 * event[key]:.1f}" for key, title in names.items() if event.get(key) is not None]
    return "  ".join(parts)


def verdict(result: Mapping[str, Any]) -> str:
    """Return a finished job in a few words."""
    if result["status"] == "failed":
        return f"failed: {(result['error'] or '').splitlines()[0] if result['error'] else 'no reason given'}"
    metrics = result["metrics"]
    quick = "  (quick)" if result.get("quick") else ""
    return f"WAR {100 * metrics['war']:.2f}  UAR {100 * metrics['uar']:.2f}{quick}" if "war" in metrics else "done"


class JobLines:
    """Progress as lines: one when a job starts or ends, and at most one every few seconds in between."""

    def __init__(self, plan: Plan, console: Console) -> None:
        self.jobs = {job.id: job for job in plan.todo}
        self.fills = len(plan.fills)
        self.done = self.filled = 0
        self.lines = ProgressLines(console, last=time.monotonic())

    def __call__(self, event: Event) -> None:
        """Print what is worth a line."""
        job = self.jobs.get(event.get("job", ""))
        if event["event"] == "fill":
            self.filled += 1
            self.lines.now_and_then(f"encoded {self.filled}/{self.fills} batches of clips")
        elif job is not None and event["event"] == "log":
            self.lines.say(f"{job.label} | {event['line']}")
        elif job is not None and event["event"] == "started":
            self.lines.say(f"started {job.label}")
        elif job is not None and event["event"] == "epoch":
            at = f"epoch {event['epoch_total']}/{event['epochs']}"
            self.lines.now_and_then(f"{job.label}  {event['stage']} {at}  {figures(event)}")
        elif job is not None and event["event"] == "finished":
            self.done += 1
            self.lines.say(f"[{self.done}/{len(self.jobs)}] {job.label}  {verdict(event['result'])}")


class JobBars:
    """A bar over all jobs, one over the encoding they wait for, and a line per running job."""

    def __init__(self, plan: Plan, console: Console) -> None:
        self.jobs = {job.id: job for job in plan.todo}
        self.display = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeRemainingColumn(compact=True),
            TextColumn("{task.fields[note]}"),
            console=console,
        )
        skipped = len(plan.jobs) - len(plan.todo)
        note = f"{skipped} already done" if skipped else ""
        self.overall = self.display.add_task(
            "jobs",
            total=len(plan.todo),
            note=note,
        )
        self.encoding = self.display.add_task(
            "encoding clips", total=len(plan.fills), note="", visible=bool(plan.fills)
        )
        self.rows: dict[str, TaskID] = {}

    def __enter__(self) -> JobBars:
        self.display.start()
        return self

    def __exit__(self, *details: object) -> None:
        self.display.stop()

    def __call__(self, event: Event) -> None:
        """Move the bars."""
        job = self.jobs.get(event.get("job", ""))
        if event["event"] == "fill":
            self.display.advance(self.encoding)
        elif job is not None and event["event"] == "started":
            self._drop(job)  # its worker may have died, and another took it up
            self.rows[job.id] = self.display.add_task(
                escape(job.label),
                total=None,
                note="loading",
            )
        elif job is not None and event["event"] == "log":
            self.display.console.print(escape(f"{job.label} | {event['line']}"), highlight=False)
        elif job is not None and event["event"] == "finished":
            self._finish(job, event["result"])
        elif job is not None and job.id in self.rows:
            self._move(self.rows[job.id], event)

    def _move(self, row: TaskID, event: Event) -> None:
        if event["event"] == "phase":
            self.display.update(row, note=PHASES.get(event["phase"], event["phase"]))
        elif event["event"] == "epoch":
            note = f"{escape(event['stage'])}  {figures(event)}"
            self.display.update(
                row,
                total=event["epochs"],
                completed=event["epoch_total"],
                note=note,
            )
        elif event["event"] == "step":
            self.display.update(row, note=f"step {event['step']}/{event['steps']}  {figures(event)}")

    def _drop(self, job: JobSpec) -> None:
        if job.id in self.rows:
            self.display.remove_task(self.rows.pop(job.id))

    def _finish(
        self,
        job: JobSpec,
        result: Mapping[str, Any],
    ) -> None:
        self._drop(job)
        self.display.advance(self.overall)
        self.display.console.print(f"{escape(job.label)}  {escape(verdict(result))}", highlight=False)
