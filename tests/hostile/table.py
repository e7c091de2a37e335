"""The whole table, by kind."""

from __future__ import annotations

from collections.abc import Sequence

from hostile import bench_files, options, plugins, processes
from hostile.entry import Hostile

TABLE: dict[str, Sequence[Hostile]] = {
    "bench files": bench_files.ENTRIES,
    "plugins": plugins.ENTRIES,
    "processes": processes.ENTRIES,
    "options": options.ENTRIES,
}
