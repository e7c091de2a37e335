"""The command line: one command a file."""

from __future__ import annotations

import errno
import sys

from harness.cli.exits import EXIT_USER_ERROR

SHOWN = 60  # characters of a name that is too long


def main() -> None:
    """Run the command line. User errors print no traceback and exit 2; Ctrl-C exits 130."""
    from harness.system.screen import harmless_streams

    with harmless_streams():
        _run()


def _run() -> None:
    from harness.cli.app import GROUPS, command, console
    from harness.cli.panels import keep_names_whole
    from harness.core.errors import HarnessError
    from harness.core.text import visible

    keep_names_whole(sys.argv[1:], GROUPS)
    try:
        command()(prog_name="harness")
    except HarnessError as error:
        reason = str(error)
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG:
            raise
        reason = f"{str(error.filename)[:SHOWN]}…: this name is too long for a file system, which takes 255 bytes"
    else:
        return
    console.print(
        visible(f"harness: {reason}"),
        markup=False,
        highlight=False,
        soft_wrap=True,
    )
    sys.exit(EXIT_USER_ERROR)
