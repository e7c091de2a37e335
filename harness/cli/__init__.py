"""The command line: one command a file."""

from __future__ import annotations

import sys

from harness.cli.exits import EXIT_USER_ERROR


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
        console.print(
            visible(f"harness: {error}"),
            markup=False,
            highlight=False,
            soft_wrap=True,
        )
        sys.exit(EXIT_USER_ERROR)
