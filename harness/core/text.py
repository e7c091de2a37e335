"""Text from plugins and results, made harmless where it is rendered."""

from __future__ import annotations

import re
import reprlib
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

LONGEST = 200  # characters of one name or message
_MARKDOWN = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", "|": "&#124;", "@": "&#64;", "#": "&#35;"}
    | {sign: f"\\{sign}" for sign in "\\`*[]~$"}
)


def _spelt(code: int) -> str:
    """Return a character that is not shown as it is: a byte of a name that is not UTF-8, or one that steers."""
    if 0xDC80 <= code <= 0xDCFF:
        code -= 0xDC00
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"


# Control characters; marks that turn the direction of writing round; lone surrogates, as which Python holds the bytes
# of names that are not UTF-8.
_STEERING = (*range(32), *range(127, 160), 0x061C, 0x200E, 0x200F, *range(0x2028, 0x202F), *range(0x2066, 0x206A))
SPELT = {code: _spelt(code) for code in (*_STEERING, 0xFEFF, *range(0xD800, 0xE000))}


def visible(text: str, kept: str = "\n") -> str:
    """Return text in which whatever would steer a terminal is spelled out, as \\x1b; line breaks are `kept`."""
    if text.isprintable():
        return text
    return text.translate(_spelt_but(kept))


@lru_cache
def _spelt_but(kept: str) -> Mapping[int, str]:
    return {code: spelt for code, spelt in SPELT.items() if chr(code) not in kept}


def is_text(name: str) -> bool:
    """Return whether a name can be written as UTF-8: Python holds the bytes of another coding as lone surrogates."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


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
