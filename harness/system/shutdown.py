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
    """This process was asked to stop. Like KeyboardInterrupt no `Exception`, so that no plugin swallows it."""


class Stop:
    """Whether this process was asked to stop. Asking raises `Stopped` at once, or at the end of a `held` block."""

    def __init__(self) -> None:
        self.asked = False
        self._held = False
        self._timer: threading.Timer | None = None

    def ask(self) -> None:
        """Ask, as a signal does."""
        if not self.asked:
            self.asked = True
            self._timer = threading.Timer(
                PATIENCE,
                os._exit,
                (EXIT_STOPPED,),
            )
            self._timer.daemon = True
            self._timer.start()
        if not self._held:
            raise ShutdownRequested

    @contextmanager
    def held(self) -> Iterator[None]:
        """A block that looks at `asked` itself, between steps that must not be torn apart."""
        self._held = True
        try:
            yield
        finally:
            self._held = False
        self.check()

    def check(self) -> None:
        """Raise Stopped if this process was asked to stop."""
        if self.asked:
            raise ShutdownRequested

    @contextmanager
    def on(self, *signals: signal.Signals) -> Iterator[None]:
        """Let these signals ask, while the block runs. Does nothing outside of the main thread."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return

        def ask(number: int, frame: FrameType | None) -> None:
            self.ask()

        before = {number: signal.signal(number, ask) for number in signals}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


stop = Stop()  # one a process, as signals are
