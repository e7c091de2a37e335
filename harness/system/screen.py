"""What people see: text for any console's coding, in which nothing steers a terminal but the harness itself."""

from __future__ import annotations

import codecs
import re
import sys
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any

from rich.console import Console
from rich.segment import Segment

from harness.core.text import visible

if TYPE_CHECKING:
    from rich.console import ConsoleOptions, RenderableType

HANDLER = "harness-shown"  # of characters that a console's coding lacks
INSTEAD = {
    "–": "-",
    "—": "-",
    "…": "...",
    "×": "x",
    "±": "+/-",
    "→": "->",
    "≤": "<=",
    "≥": ">=",
    "·": ".",
    "•": "*",
}
INSTEAD |= {"‘": "'", "’": "'", "“": '"', "”": '"'}
ENDS = "\n\r\t"
COLOUR = re.compile(r"(\x1b\[[0-9;]*m)")


def spelt(error: UnicodeError) -> tuple[str, int]:
    """Return what is shown in place of characters that a coding lacks: the nearest it has, or their number."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(_nearest, error.object[error.start : error.end])), error.end


def _nearest(character: str) -> str:
    if character in INSTEAD:
        return INSTEAD[character]
    plain = unicodedata.normalize("NFKD", character).encode("ascii", "ignore").decode()
    return plain or character.encode("ascii", "backslashreplace").decode()


codecs.register_error(HANDLER, spelt)


class Screen(Console):
    """A console that shows control characters of the text that it is given spelled out, whatever prints it."""

    @property
    def file(self) -> IO[str]:
        """Where it writes: the stream itself, since what this console writes is harmless."""
        stream = super().file
        return stream.stream if isinstance(stream, Shown) else stream

    @file.setter
    def file(self, new: IO[str]) -> None:
        self._file = new

    def render(
        self,
        renderable: RenderableType,
        options: ConsoleOptions | None = None,
    ) -> Iterable[Segment]:
        """Yield what is printed; only the console's own sequences steer the terminal."""
        for segment in super().render(renderable, options):
            text = segment.text
            if segment.control or text == "\n" or text.isprintable():
                yield segment
            else:
                yield Segment(visible(text), segment.style)


class Shown:
    """A stream to which anybody prints: control characters become visible, but for line ends and, for people, colours.

    A return alone stays, with which bars of other libraries begin their line anew.
    """

    def __init__(self, stream: Any) -> None:
        self.stream = stream

    def write(self, text: str) -> int:
        """Write text. Returns the number of characters that it had."""
        self.stream.write(text if text.isprintable() else "".join(self._harmless(text)))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Write several texts."""
        for line in lines:
            self.write(line)

    def _harmless(self, text: str) -> Iterator[str]:
        """Yield parts of a text, colours as they are in a terminal."""
        if not self.stream.isatty():
            yield visible(text, ENDS)
            return
        for number, part in enumerate(COLOUR.split(text)):
            yield part if number % 2 else visible(part, ENDS)

    def __getattr__(self, name: str) -> Any:
        """Return whatever else the stream has."""
        return getattr(self.stream, name)


@contextmanager
def harmless_streams() -> Iterator[None]:
    """Let standard output and error take any character, whatever their coding, and steer no terminal meanwhile."""
    before = sys.stdout, sys.stderr
    for stream in before:
        if reconfigure := getattr(stream, "reconfigure", None):
            reconfigure(errors=HANDLER)
    sys.stdout, sys.stderr = (_shown(stream) for stream in before)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before


def _shown(stream: Any) -> Any:
    return stream if stream is None or isinstance(stream, Shown) else Shown(stream)
