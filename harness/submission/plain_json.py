"""JSON from a stranger: no NaN, no key twice, nothing too deep or too large. RFC 8259."""

from __future__ import annotations

import json
import math
from typing import Any

from pydantic_core import from_json

from harness.core.text import first_line
from harness.submission import limits
from harness.submission.limits import Refused


def parse(content: bytes) -> dict[str, Any]:
    """Return the object that a file holds.

    Raises:
        Refused: no JSON, no object, NaN or an infinite number, a key twice, or more than the limits allow.
    """
    try:
        from_json(content, allow_inf_nan=False)  # refuses what is nested hundreds deep without recursion of Python's
        found = json.loads(
            content.decode("utf-8"),
            parse_constant=_constant,
            object_pairs_hook=_once,
        )
    except (ValueError, RecursionError) as error:
        raise Refused(f"is not the JSON that is expected: {first_line(error)}") from error
    if not isinstance(found, dict):
        raise Refused("holds no JSON object")
    _check(found, 1)
    return found


def _constant(word: str) -> None:
    raise ValueError(f"{word} is no number")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {twice[: limits.PART]!r} is there more than once")
    return found


def _check(value: Any, depth: int) -> None:
    if depth > limits.DEPTH:
        raise Refused(f"is nested deeper than {limits.DEPTH} levels")
    if isinstance(value, dict):
        for name, inner in value.items():
            _check(name, depth)
            _check(inner, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            _check(inner, depth + 1)
    elif isinstance(value, str):
        _check_text(value)
    elif isinstance(value, float) and not math.isfinite(value):
        raise Refused("holds a number that is not finite")


def _check_text(value: str) -> None:
    if len(value) > limits.TEXT:
        raise Refused(f"holds a text of {len(value):,} characters; {limits.TEXT:,} are taken")
    if any("\ud800" <= char <= "\udfff" for char in value):
        raise Refused("holds half a character (a lone surrogate)")
