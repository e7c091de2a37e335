"""Where code of a plugin runs: what it raises to end the process is that plugin's failure, like any other."""

from __future__ import annotations

import os
import signal
from types import TracebackType
from typing import NoReturn

from harness.system.shutdown import ShutdownRequested, is_ignored, leave_at_once, shutdown
from harness.system.timeout import JobTimeout


class PluginEnded(Exception):
    """Attempt of a plugin's code to end the process."""


class _Left(BaseException):
    """Call of `os._exit`, which ends a process without a word."""


class contained:  # noqa: N801  (a context, as `contextlib.suppress` is; a generator could not be thrown GeneratorExit)
    """Context in which code of a plugin runs.

    SystemExit, GeneratorExit, `os._exit` and a KeyboardInterrupt that no Ctrl-C was the cause of become a PluginEnded.
    What a signal to this process raises passes. Where nobody listens for Ctrl-C, as in a notebook, it is always real.
    """

    def __enter__(self) -> None:
        self._exit, owner, leave_really = os._exit, os.getpid(), leave_at_once

        def leave(status: int) -> NoReturn:
            if os.getpid() != owner:
                leave_really(status)  # of a process that the plugin forked
            raise _Left(status)

        os._exit = leave

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os._exit = self._exit
        if error is None or isinstance(error, Exception | ShutdownRequested | JobTimeout):
            return
        if isinstance(error, KeyboardInterrupt) and _may_be_real():
            return
        name = "os._exit" if isinstance(error, _Left) else type(error).__name__
        told = f"({error})" if str(error) else ""
        raise PluginEnded(f"it tried to end the process by {name}{told}") from error


def _may_be_real() -> bool:
    """Return whether Ctrl-C was pressed, or may have been where nobody listens for it."""
    return shutdown.interrupted or not (signal.SIGINT in shutdown.heard or is_ignored(signal.SIGINT))
