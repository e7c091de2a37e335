"""Cut a job that hangs in this process, by an alarm. On Ray the driver does it, by ending the worker."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class JobTimeout(BaseException):
    """The time of a job is over. No `Exception`, so that no plugin swallows it."""


@contextmanager
def limited(seconds: float | None) -> Iterator[None]:
    """Raise JobTimeout in the block after so many seconds; between two Python instructions, so not inside of C code."""
    if seconds is None or threading.current_thread() is not threading.main_thread():
        yield
        return

    def ring(number: int, frame: FrameType | None) -> None:
        raise JobTimeout(reason(seconds))

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def reason(seconds: float | None) -> str:
    """Return what the result of a job says that was cut."""
    return f"cut after {seconds:g} seconds (--job-timeout)"
