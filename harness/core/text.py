"""Text from plugins and results, made harmless where it is rendered."""

from __future__ import annotations

import re
import reprlib
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

LONGEST = 200  # characters of one name or message
_MARKDOWN = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", "|": "&#124;", "@": "&#64;", "#": "&#35;"}
    | {sign: f"\\{sign}" for sign in "\\`*[]~$"}
)


def one_line(text: object) -> str:
    """Return printable text on one line: line breaks become spaces; control, format and surrogate characters go."""
    whole = str(text)
    if not whole.isprintable():
        spaced = (" " if char.isspace() else char for char in whole)
        whole = "".join(char for char in spaced if unicodedata.category(char)[0] != "C")
    flat = " ".join(whole.split())
    return flat if len(flat) <= LONGEST else flat[: LONGEST - 1] + "\N{HORIZONTAL ELLIPSIS}"


def markdown(text: object) -> str:
    """Return text that GitHub's Markdown shows as it is, in a table cell too: no tag, border, link or mention."""
    safe = one_line(text).translate(_MARKDOWN)
    safe = re.sub(r"(?<![^\W_])_|_(?![^\W_])", r"\\_", safe)  # inside a word an underscore is only itself
    return safe.replace("://", "&#58;//").replace("www.", "www&#46;")


def spreadsheet(text: str) -> str:
    """Return text that a spreadsheet takes for text: what looks like a formula gets a leading apostrophe."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")  # a lone return would not be quoted, and end the line
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\n")) else text


def first_line(error: Any) -> str:
    """Return the line of an error that says what happened: the first, or the last of a traceback."""
    if isinstance(error, Mapping):
        kind, message = error.get("type"), error.get("message") or ""
        error = f"{kind}: {message}" if kind else message
    lines = [line.strip() for line in str(error or "").splitlines() if line.strip()]
    if not lines:
        return "no reason recorded"
    return lines[-1] if lines[0].startswith("Traceback") else lines[0]


QUOTED_PATH = re.compile(r"""(['"])/(?:[^'"\n]*/)?([^'"\n/]+)/?\1""")
BARE_PATH = re.compile(r"""(?<![\w/:.~'"-])/(?:[^\s/'"()<>|:,;]+/)+([^\s/'"()<>|:,;]*)""")


def without_places(text: str, roots: Iterable[str] = ()) -> str:
    """Return text without the folders of a machine: a path below a root is told from there, any other by its name."""
    for root in sorted(roots, key=len, reverse=True):
        text = text.replace(f"{root.rstrip('/')}/", "")
    return BARE_PATH.sub(r"\1", QUOTED_PATH.sub(r"\1\2\1", text))


def first_few(texts: Sequence[str], most: int) -> str:
    """Join the first of many texts, and count the others: "a, b and 3 more"."""
    rest = len(texts) - most
    more = f" and {rest} more" if rest > 0 else ""
    return ", ".join(texts[:most]) + more


def in_short(value: object) -> str:
    """Return a value as Python writes it, on one line, with the middle of what is long left out."""
    parts = reprlib.Repr()
    parts.maxstring = parts.maxother = parts.maxlong = LONGEST // 2
    return one_line(parts.repr(value))


def shown(value: Any) -> str:
    """Return a value as text; several one after the other."""
    return " ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def and_more(
    count: int,
    most: int,
    noun: str,
) -> str:
    """Say how many there are beyond those that are named, and how many in all."""
    return f"and {count - most:,} more {noun}, {count:,} in all"


NaturalKey = tuple[tuple[tuple[int, str], ...], str]


def natural_key(text: str) -> NaturalKey:
    """Sort key by which "2" comes before "10": runs of digits compare as numbers."""
    runs = re.split("([0-9]+)", text)
    numbers = [run.lstrip("0") if i % 2 else run for i, run in enumerate(runs)]
    return tuple((len(n) if i % 2 else 0, n) for i, n in enumerate(numbers)), text
