"""What plugins ask of other plugins, and what trackers share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.core.lazy import hand_on

if TYPE_CHECKING:
    from harness.plugin.registry import dataset as dataset
    from harness.plugin.registry import method as method
    from harness.plugin.trackers import numbers as numbers
    from harness.plugin.trackers import run_name as run_name
    from harness.plugin.trackers import settings as settings

HOMES = {
    "dataset": "harness.plugin.registry",
    "method": "harness.plugin.registry",
    "numbers": "harness.plugin.trackers",
    "run_name": "harness.plugin.trackers",
    "settings": "harness.plugin.trackers",
}
__all__ = list(HOMES)
__getattr__ = hand_on(__name__, HOMES)
