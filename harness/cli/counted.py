"""Show how far a long command is: a bar in a terminal, plain lines in a log. Always on standard error."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from harness.cli.output import err
from harness.system.progress_lines import ProgressLines

Counted = Callable[[int, int], None]  # done, of all


@contextmanager
def counting(*, quiet: bool) -> Iterator[Callable[[str], Counted]]:
    """Give a function that makes a counter for each kind of work: `counter("decoding clips")(3, 40)`."""
    if quiet:
        yield lambda what: lambda done, total: None
    elif err.is_terminal:
        columns = (TextColumn("{task.description}"), BarColumn(bar_width=32), MofNCompleteColumn())
        with Progress(
            *columns,
            TimeRemainingColumn(compact=True),
            console=err,
        ) as bars:
            yield lambda what: _bar(bars, what)
    else:
        yield _lines


def _lines(what: str) -> Counted:
    """Print a line at the start and at the end, and at most one every few seconds in between."""
    lines = ProgressLines(err)

    def show(done: int, total: int) -> None:
        print_line = lines.say if done == total else lines.now_and_then
        print_line(f"{what}: {done:,} of {total:,}")

    return show


def _bar(bars: Progress, what: str) -> Counted:
    task = bars.add_task(what, total=None, visible=False)
    return lambda done, total: bars.update(
        task,
        completed=done,
        total=total,
        visible=True,
    )
