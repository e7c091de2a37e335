"""Show how far a long command is: a bar in a terminal, plain lines in a log. Always on standard error."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from harness.cli.output import err

Counted = Callable[[int, int], None]  # done, of all


@contextmanager
def counting(*, quiet: bool) -> Iterator[Callable[[str], Counted]]:
    """What makes a counter for each kind of work: `counter("decoding clips")(3, 40)`."""
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
        yield Lines


class Lines:
    """A line at the start and at the end, and at most one every few seconds in between."""

    EVERY = 10.0

    def __init__(self, what: str) -> None:
        self.what = what
        self.last = float("-inf")

    def __call__(self, done: int, total: int) -> None:
        """Print if it is worth a line."""
        if done == total or time.monotonic() - self.last > self.EVERY:
            self.last = time.monotonic()
            err.print(f"{self.what}: {done:,} of {total:,}", markup=False, highlight=False, soft_wrap=True)


def _bar(bars: Progress, what: str) -> Counted:
    task = bars.add_task(what, total=None, visible=False)
    return lambda done, total: bars.update(
        task,
        completed=done,
        total=total,
        visible=True,
    )
