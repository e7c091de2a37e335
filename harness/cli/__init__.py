"""The command line: one command a file."""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType

from harness.cli.exits import EXIT_USER_ERROR
from harness.system.shutdown import ENDINGS, EXIT_INTERRUPTED, EXIT_STOPPED, STOPPED, shutdown


def main() -> None:
    """Run the command line. User errors print no traceback and exit 2; Ctrl-C exits 130, other signals 143.

    The process is its own: signals are still listened to when it returns.
    """
    _listen()
    from harness.system.screen import harmless_streams

    try:
        with harmless_streams():
            _run()
    finally:
        if shutdown.exit_code:
            _let_go_of_lost_streams()


def _run() -> None:
    from harness.cli.app import GROUPS, command, say_error
    from harness.cli.panels import keep_names_whole
    from harness.core.errors import HarnessError
    from harness.system.files import remove_compiler_folder

    keep_names_whole(sys.argv[1:], GROUPS)
    try:
        command()(prog_name="harness")
    except HarnessError as error:
        say_error(error)
        sys.exit(EXIT_USER_ERROR)
    finally:
        remove_compiler_folder()


def _let_go_of_lost_streams() -> None:
    """Turn a stream to nowhere if it takes no more, as when a terminal is closed.

    Python flushes it at the very end, and would put code 120 in the place of the one that says which signal ended the
    run. Only then: output lost without a signal, as on a full disk, has to stay a failure.
    """
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _listen() -> None:
    """Let signals end the process at once, as long as it imports its parts and after its work: nothing is torn apart.

    A signal that the starter told it to ignore, as `nohup` does, stays ignored.
    """
    for number in (signal.SIGINT, *ENDINGS):
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, _leave)


def _leave(number: int, frame: FrameType | None) -> None:
    try:
        os.write(2, f"harness: {STOPPED}\n".encode())
    finally:
        os._exit(EXIT_INTERRUPTED if number == signal.SIGINT else EXIT_STOPPED)
