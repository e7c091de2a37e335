"""What plugins ask of other plugins, and what trackers share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.lazy import hand_on

if TYPE_CHECKING:
    from harness.registry import dataset as dataset
    from harness.registry import method as method
    from harness.tracking import numbers as numbers
    from harness.tracking import run_name as run_name
    from harness.tracking import settings as settings

HOMES = {
    "dataset": "harness.registry",
    "method": "harness.registry",
    "numbers": "harness.tracking",
    "run_name": "harness.tracking",
    "settings": "harness.tracking",
}
__all__ = list(HOMES)
__getattr__ = hand_on(__name__, HOMES)
