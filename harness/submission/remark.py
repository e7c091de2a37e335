"""One thing that a reader of the review should know."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

LONGEST = 1000  # characters of what is found: part of it may be what a stranger wrote


@dataclass(frozen=True)
class Remark:
    """An objection keeps a bundle out; a note is for whoever decides.

    Attributes:
        level: which of the two.
        code: kebab-case, stable: programs may look for it.
        where: file of the bundle, or a row; empty for all of it. It may be anything that a stranger writes.
        text: what is found.
    """

    level: Literal["objection", "note"]
    code: str
    where: str
    text: str


def objection(
    code: str,
    where: str,
    text: str,
) -> Remark:
    """Return what keeps a bundle out."""
    return Remark(
        "objection",
        code,
        where[:LONGEST],
        text[:LONGEST],
    )


def note(
    code: str,
    where: str,
    text: str,
) -> Remark:
    """Return what a reader should know."""
    return Remark(
        "note",
        code,
        where[:LONGEST],
        text[:LONGEST],
    )
