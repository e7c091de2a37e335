"""Signals that ask this process to end: save where a job stands, then leave within ten seconds.

SIGTERM is what clusters send before they take a machine away, SIGHUP what a terminal sends that is closed, SIGQUIT what
Ctrl-\\ sends. They all end in the same way. Ctrl-C (SIGINT) raises KeyboardInterrupt. A second signal changes nothing:
the first one is being obeyed, or the process ends when its patience is over.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import FrameType

PATIENCE = 8.0  # seconds between being asked and leaving without further ado
STOPPED = "stopped; finished results are kept, the same command goes on where it stopped"
EXIT_STOPPED = 128 + signal.SIGTERM
EXIT_INTERRUPTED = 128 + signal.SIGINT
ENDINGS = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP", "SIGQUIT") if hasattr(signal, name))
leave_at_once = os._exit  # as it is: where plugins' code runs, another stands in its place


class ShutdownRequested(BaseException):
    """Request that this process stop. Like KeyboardInterrupt no `Exception`, so that no plugin swallows it."""


class Shutdown:
    """The end of this process, asked for by a signal: it raises at once, or after a `postponed` block."""

    def __init__(self) -> None:
        self.requested = False
        self.interrupted = False  # by Ctrl-C, which raises KeyboardInterrupt
        self.heard: tuple[int, ...] = ()  # signals that ask for it now
        self._postponed = False
        self._timer: threading.Timer | None = None

    @property
    def exit_code(self) -> int:
        """The code to end with: that of the first signal, whatever came after it; 0 if there was none."""
        if self.interrupted:
            return EXIT_INTERRUPTED
        return EXIT_STOPPED if self.requested else 0

    def request(self) -> None:
        """Ask this process to stop, as a signal does. Asked again, it goes on with what it was first asked for."""
        if self.exit_code:
            return
        self.requested = True
        self._lose_patience()
        if not self._postponed:
            raise ShutdownRequested

    def interrupt(self) -> None:
        """Ask this process to stop, as Ctrl-C does: at once, and once."""
        if self.exit_code:
            return
        self.interrupted = True
        self._lose_patience()
        raise KeyboardInterrupt

    def _lose_patience(self) -> None:
        self._timer = threading.Timer(PATIENCE, _leave, (self.exit_code,))
        self._timer.daemon = True
        self._timer.start()

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
    def listen(self, *signals: int) -> Iterator[None]:
        """Let these signals request it while the block runs. Does nothing outside of the main thread."""
        with self._handling(dict.fromkeys(signals, self.request)):
            yield

    @contextmanager
    def listen_as_command(self) -> Iterator[None]:
        """Let Ctrl-C and every signal that ends a command do so, but for those that its starter told it to ignore.

        That is what `nohup` does with SIGHUP, and a shell with SIGINT and SIGQUIT of a job in the background.
        """
        self.requested = self.interrupted = False
        asked = {**dict.fromkeys(ENDINGS, self.request), signal.SIGINT: self.interrupt}
        with self._handling({number: ask for number, ask in asked.items() if not is_ignored(number)}):
            yield

    @contextmanager
    def _handling(self, asked: Mapping[int, Callable[[], None]]) -> Iterator[None]:
        if threading.current_thread() is not threading.main_thread():
            yield
            return

        def obey(number: int, frame: FrameType | None) -> None:
            asked[number]()

        heard = self.heard
        before = {number: signal.signal(number, obey) for number in asked}
        self.heard = (*heard, *asked)
        try:
            yield
        finally:
            self.heard = heard
            for number, handler in before.items():
                signal.signal(number, handler)


def _leave(code: int) -> None:
    try:
        os.write(2, f"harness: {STOPPED}\n".encode())
    finally:
        leave_at_once(code)


def is_ignored(number: int) -> bool:
    """Return whether whoever started this process told it to ignore a signal."""
    return signal.getsignal(number) == signal.SIG_IGN


shutdown = Shutdown()  # one a process, as signals are
