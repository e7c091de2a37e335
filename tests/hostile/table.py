"""The whole table, by kind."""

from __future__ import annotations

from collections.abc import Sequence

from hostile import caches, costs, options, stores, weights
from hostile.entry import Hostile

TABLE: dict[str, Sequence[Hostile]] = {
    "options": options.ENTRIES,
    "stores": stores.ENTRIES,
    "caches": caches.ENTRIES,
    "costs": costs.ENTRIES,
    "weights": weights.ENTRIES,
}
