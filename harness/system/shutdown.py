"""SIGTERM, as clusters send before they take a machine away: save where a job stands, then leave within ten seconds."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

PATIENCE = 8.0  # seconds between being asked and leaving without further ado
EXIT_STOPPED = 128 + signal.SIGTERM


class ShutdownRequested(BaseException):
    """Request that this process stop. Like KeyboardInterrupt no `Exception`, so that no plugin swallows it."""


class Shutdown:
    """The end of this process, asked for by a signal: it raises at once, or after a `postponed` block."""

    def __init__(self) -> None:
        self.requested = False
        self._postponed = False
        self._timer: threading.Timer | None = None

    def request(self) -> None:
        """Ask this process to stop, as a signal does."""
        if not self.requested:
            self.requested = True
            self._timer = threading.Timer(
                PATIENCE,
                os._exit,
                (EXIT_STOPPED,),
            )
            self._timer.daemon = True
            self._timer.start()
        if not self._postponed:
            raise ShutdownRequested

    @contextmanager
    def postponed(self) -> Iterator[None]:
        """Run a block that looks at `requested` itself, between steps that must not be torn apart."""
        self._postponed = True
        try:
            yield
        finally:
            self._postponed = False
        self.check()

    def check(self) -> None:
        """Raise ShutdownRequested if this process was asked to stop."""
        if self.requested:
            raise ShutdownRequested

    @contextmanager
    def listen(self, *signals: signal.Signals) -> Iterator[None]:
        """Let these signals request it while the block runs. Does nothing outside of the main thread."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return

        def request(number: int, frame: FrameType | None) -> None:
            self.request()

        before = {number: signal.signal(number, request) for number in signals}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


shutdown = Shutdown()  # one a process, as signals are
