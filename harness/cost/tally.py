"""Multiply-adds of built modules, by three conventions, and of a training step. Importing this imports no torch."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Literal

Convention = Literal["fvcore", "paper", "thop"]


@dataclass(frozen=True)
class Tally:
    """Multiply-adds of one call of a module, its operators left uncounted, and the share of text towers."""

    macs: int = 0
    text: int = 0  # of `macs`, inside a text tower
    uncounted: Counter[str] = field(default_factory=Counter)

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.macs + other.macs,
            self.text + other.text,
            self.uncounted + other.uncounted,
        )

    def times(self, calls: int) -> Tally:
        """Return the tally of that many calls; an uncounted operator is named once a call of the module."""
        return Tally(
            self.macs * calls,
            self.text * calls,
            self.uncounted,
        )
