"""Keep what is logged and warned during a job, for its own files."""

from __future__ import annotations

import io
import logging
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from pathlib import Path
from typing import Any, TextIO

log = logging.getLogger("harness.printed")

CACHE = "harness.cache"  # the logger whose lines a run always shows


class EventHandler(logging.Handler):
    """Log handler that sends what is logged as events."""

    def __init__(self, send: Callable[[dict[str, Any]], None]) -> None:
        super().__init__()
        self.send = send
        self.process = os.getpid()

    def emit(self, record: logging.LogRecord) -> None:
        """Send one line, unless it is a process of a loader that logs: the way to the driver is not its own."""
        if os.getpid() == self.process:
            self.send({"event": "log", "line": self.format(record)})


class JobLogFile(logging.FileHandler):
    """The file of a job. A full disk must not print tracebacks over the progress: storing the result says it."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        """Leave the line out."""


class StdoutTee(io.TextIOBase):
    """Standard output that goes where it went before, and line by line into the log."""

    def __init__(self, before: TextIO) -> None:
        self.before = before
        self.line = ""

    def write(self, text: str) -> int:
        """Print, and log every line that is whole."""
        self.before.write(text)
        *lines, self.line = (self.line + text).split("\n")
        for line in lines:
            log.info("%s", line)
        return len(text)

    def flush(self) -> None:
        """Print what is held back."""
        self.before.flush()


@contextmanager
def logged_to(
    path: Path,
    send: Callable[[dict[str, Any]], None] | None = None,
    *,
    whole: bool = True,
) -> Iterator[None]:
    """Keep what a job logs and prints in its own file, and send it line by line.

    Args:
        path: of the file.
        send: takes the lines; None: nobody sees them.
        whole: whether all of them are sent, or only what is said of damaged caches.
    """
    handlers: list[logging.Handler] = [JobLogFile(path, encoding="utf-8")]
    if send:
        handlers.append(EventHandler(send))
        handlers[-1].addFilter(logging.Filter("" if whole else CACHE))
    root = logging.getLogger("harness")
    before = root.level, root.propagate
    for handler in handlers:
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
        root.addHandler(handler)
    root.setLevel(logging.INFO)
    root.propagate = False  # some libraries give the root logger a handler that prints
    try:
        with redirect_stdout(StdoutTee(sys.stdout)):
            yield
    finally:
        root.setLevel(before[0])
        root.propagate = before[1]
        for handler in handlers:
            root.removeHandler(handler)
            with suppress(OSError):
                handler.close()


@contextmanager
def warnings_kept(messages: list[str]) -> Iterator[None]:
    """Keep Python's warnings for the result instead of printing them."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        try:
            yield
        finally:
            messages.extend(f"{w.category.__name__}: {w.message}" for w in caught)
