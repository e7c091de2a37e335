"""Multiply-adds and parameters of methods."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.core.lazy import hand_on

if TYPE_CHECKING:
    from harness.cost.table import architecture as architecture
    from harness.cost.table import rows as rows

HOMES = {
    "architecture": "harness.cost.table",
    "rows": "harness.cost.table",
}
__all__ = list(HOMES)
__getattr__ = hand_on(__name__, HOMES)
