"""What a check is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from harness.conformance.report import Note
from harness.conformance.specimen import Specimen

Look = Callable[[Specimen], Iterator[Note]]


@dataclass(frozen=True)
class Check:
    """One thing that has to hold of every method.

    Attributes:
        name: stable; programs may look for it.
        meaning: in one line, as docs/plugins.md prints it.
        look: blames the method for what is wrong, and yields what is to be said beside that.
        trains: whether it is of methods that are trained only.
    """

    name: str
    meaning: str
    look: Look
    trains: bool = False
