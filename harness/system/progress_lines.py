"""Progress as plain lines, where there is no terminal to draw a bar in."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

EVERY = 10.0  # seconds


class ProgressLines:
    """Lines that matter at once, and of the others at most one every few seconds."""

    def __init__(
        self,
        console: Console,
        last: float = float("-inf"),
    ) -> None:
        """Note `last`, when a line was printed last, by `time.monotonic`."""
        self.console = console
        self.last = last

    def say(self, text: str) -> None:
        """Print a line."""
        self.last = time.monotonic()
        self.console.print(
            text,
            markup=False,
            highlight=False,
            soft_wrap=True,
        )

    def now_and_then(self, text: str) -> None:
        """Print a line unless one was printed a moment ago."""
        if time.monotonic() - self.last > EVERY:
            self.say(text)
