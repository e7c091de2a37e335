"""Ray on this machine: whether it can start, how long it may take, and what it leaves behind."""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import ray

from harness.core.errors import HarnessError
from harness.system.shutdown import leave_at_once, shutdown
from harness.system.timeout import JobTimeout, limited

SECONDS = 26.0  # that Ray may take to start
MORE = "HARNESS_RAY_SECONDS"  # of the environment, for a machine that is slow or busy
GRACE = 3.0  # more, if it waits where Python cannot interrupt it
LONGEST_SOCKET = 107  # bytes of the path of a socket
SOCKET = "ray/session_2000-01-01_00-00-00_000000_4194304/sockets/plasma_store"
SHARED = Path("/dev/shm")  # where Ray keeps objects
EXIT_USER_ERROR = 2


def refuse_to_start() -> None:
    """Look for what is known to keep Ray from starting, some of which it would try for minutes.

    Raises:
        HarnessError: the folder for its files cannot be used, or this machine cannot talk to itself.
    """
    name = "RAY_TMPDIR" if os.environ.get("RAY_TMPDIR") else "TMPDIR"
    folder = Path(os.environ.get("RAY_TMPDIR") or os.environ.get("TMPDIR") or tempfile.gettempdir())
    length = len(os.fsencode(folder.absolute() / SOCKET))
    if length > LONGEST_SOCKET:
        most = LONGEST_SOCKET - (length - len(os.fsencode(folder.absolute())))
        raise HarnessError(f"the path of {name} is too long for its sockets, at most {most} bytes: {folder}")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise HarnessError(f"{name} {folder} cannot be written: {error.strerror}") from error
    _check_network()


def _check_network() -> None:
    """Send a byte from this machine to itself. Raises: HarnessError where that does not work."""
    address = ray.util.get_node_ip_address()
    try:
        with (
            socket.create_server((address, 0)) as server,
            socket.create_connection(server.getsockname()[:2], timeout=GRACE) as sender,
        ):
            sender.sendall(b".")
    except OSError as error:
        raise HarnessError(f"this machine cannot reach itself at {address}: {error.strerror or error}") from error


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

    return end
