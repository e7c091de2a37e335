"""Rows that stand in a table and are never ranked, however whole they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.core.weights_spec import AUTHORS
from harness.leaderboard.board.collect import ABOUT

SKETCH = "sketch"


def why_never_ranked(fact: Mapping[str, Any]) -> str:
    """Return why a row can have no rank; empty for one that can.

    Args: what the jobs of the row have in common.
    """
    if is_sketch(fact):
        return "a sketch: its key part is not as published but made up here"
    if is_of_authors(fact):
        return "weights of the authors, only tested here, on one fold, and chosen by a rule of theirs"
    return ""


def is_of_authors(fact: Mapping[str, Any]) -> bool:
    """Return whether a row only tests what a method's authors trained."""
    return bool(fact["protocol"]["selection"] == AUTHORS)


def is_sketch(fact: Mapping[str, Any]) -> bool:
    """Return whether the method of a row is only in the manner of its paper."""
    return bool(fact[ABOUT].get("exactness") == SKETCH)
