"""The whole table, by kind."""

from __future__ import annotations

from collections.abc import Sequence

from hostile import datasets, frames, lists, options
from hostile.entry import Hostile

TABLE: dict[str, Sequence[Hostile]] = {
    "options": options.ENTRIES,
    "datasets": datasets.ENTRIES,
    "lists": lists.ENTRIES,
    "frames": frames.ENTRIES,
}
