"""The command line: one command a file."""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType

from harness.cli.exits import EXIT_USER_ERROR
from harness.system.shutdown import ENDINGS, EXIT_INTERRUPTED, EXIT_STOPPED, STOPPED


def main() -> None:
    """Run the command line. User errors print no traceback and exit 2; Ctrl-C exits 130, other signals 143.

    The process is its own: signals are still listened to when it returns.
    """
    _listen()
    from harness.system.screen import harmless_streams

    with harmless_streams():
        _run()


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
