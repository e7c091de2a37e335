"""Whether parsed JSON is of a size that text, tables and other readers take, however deep it goes."""

from __future__ import annotations

import math
from typing import Any

DEPTH = 32  # lists and objects inside each other
LARGEST = 2**63  # of a whole number, exclusive
LONGEST = 1_000_000  # characters of one text


def plain_fault(value: Any, depth: int = 1) -> str | None:
    """Return what is wrong with parsed JSON; None if nothing is. A number has to be finite and below 2**63."""
    kind = type(value)
    if kind is dict:
        inner = [*value, *value.values()]
    elif kind is list:
        inner = value
    else:
        return _leaf_fault(value)
    if depth > DEPTH:
        return f"is nested deeper than {DEPTH} levels"
    for one in inner:
        if (wrong := plain_fault(one, depth + 1)) is not None:
            return wrong
    return None


def _leaf_fault(value: Any) -> str | None:
    if type(value) is float and not math.isfinite(value):
        return f"holds {value}, which is no number that could be stored"
    if type(value) is int and not -LARGEST < value < LARGEST:
        return "holds a whole number of 64 bits or more"
    if type(value) is str and len(value) > LONGEST:
        return f"holds a text of {len(value):,} characters"
    return None
