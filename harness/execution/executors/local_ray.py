"""Ray on this machine: whether it can start, how long it may take, and what it leaves behind."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout, suppress
from pathlib import Path
from typing import Any

import ray

from harness.core.errors import HarnessError
from harness.system.shutdown import leave_at_once, shutdown
from harness.system.timeout import JobTimeout, limited

SECONDS = 26.0  # that Ray may take to start
MORE = "HARNESS_RAY_SECONDS"  # of the environment, for a machine that is slow or busy
GRACE = 3.0  # more, if it waits where Python cannot interrupt it
EXIT_USER_ERROR = 2


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Give the block so much time, and keep what it prints to itself.

    Where Ray waits in code that Python cannot interrupt, the command line ends: nothing has begun yet.

    Raises:
        JobTimeout: it took longer.
    """
    watch = threading.Timer(seconds + GRACE, _give_up, (seconds,))
    watch.daemon = True
    with ExitStack() as stack:
        quiet = stack.enter_context(open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123  (a device)
        if shutdown.heard:  # a notebook's process is not ours to end
            watch.start()
            stack.callback(watch.cancel)
        stack.enter_context(redirect_stdout(quiet))
        stack.enter_context(redirect_stderr(quiet))
        try:
            with limited(seconds):
                yield
        except JobTimeout as error:
            raise JobTimeout(_too_slow(seconds)) from error


def seconds_to_start() -> float:
    """Return how long Ray may take to start."""
    try:
        return float(os.environ.get(MORE) or SECONDS)
    except ValueError as error:
        raise HarnessError(f"{MORE}={os.environ[MORE]!r} is no number of seconds") from error


def _too_slow(seconds: float) -> str:
    return f"it did not start within {seconds:g} seconds; {MORE}=90 gives a busy machine more"


def _give_up(seconds: float) -> None:
    text = f"harness: Ray cannot start on this machine ({_too_slow(seconds)}); run without it: --executor inline\n"
    os.write(2, text.encode())
    leave_at_once(EXIT_USER_ERROR)  # which ends what it had started, too


def left_nothing() -> Callable[[Callable[[], None]], None]:
    """Return what ends the session that has just been started, and removes the folder of its sockets and logs."""
    node: Any = ray._private.worker._global_node
    folder = Path(node.get_session_dir_path())

    def end(stop: Callable[[], None]) -> None:
        stop()
        shutil.rmtree(folder, ignore_errors=True)
        latest = folder.with_name("session_latest")
        with suppress(OSError):
            if latest.is_symlink() and not latest.exists():  # else it is that of another Ray
                latest.unlink()
            folder.parent.rmdir()  # which does nothing where something else is in it

    return end
