"""Whether parsed JSON is of a size that text, tables and other readers take, however deep it goes."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Any

DEPTH = 32  # lists and objects inside each other
LARGEST = 2**63  # of a whole number, exclusive
LONGEST = 1_000_000  # characters of one text


def plain_fault(value: Mapping[str, Any]) -> str | None:
    """Return what is wrong with a parsed JSON object; None if nothing is.

    A number has to be finite, and a whole one below 2**63.
    """
    waiting: list[tuple[Any, int]] = [(value, 1)]
    while waiting:
        outer, depth = waiting.pop()
        inner = [*outer, *outer.values()] if type(outer) is dict else outer
        if depth > DEPTH:
            return f"is nested deeper than {DEPTH} levels"
        for one in inner:
            kind = type(one)
            if kind is dict or kind is list:
                waiting.append((one, depth + 1))
            elif kind is float and not isfinite(one):
                return f"holds {one}, which is no number that could be stored"
            elif kind is int and not -LARGEST < one < LARGEST:
                return "holds a whole number of 64 bits or more"
            elif kind is str and len(one) > LONGEST:
                return f"holds a text of {len(one):,} characters"
    return None
