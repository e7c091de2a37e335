"""Multiply-adds and parameters of methods."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.lazy import hand_on

if TYPE_CHECKING:
    from harness.flops.rows import architecture as architecture
    from harness.flops.rows import rows as rows

HOMES = {
    "architecture": "harness.flops.rows",
    "rows": "harness.flops.rows",
}
__all__ = list(HOMES)
__getattr__ = hand_on(__name__, HOMES)
