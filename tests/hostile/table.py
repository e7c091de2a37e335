"""The whole table, by kind."""

from __future__ import annotations

from collections.abc import Sequence

from hostile import (
    bench_files,
    caches,
    consoles,
    costs,
    datasets,
    frames,
    given,
    images,
    lists,
    names,
    options,
    plugins,
    prepare,
    processes,
    stores,
    videos,
    weights,
)
from hostile.entry import Hostile

TABLE: dict[str, Sequence[Hostile]] = {
    "bench files": bench_files.ENTRIES,
    "plugins": plugins.ENTRIES,
    "processes": processes.ENTRIES,
    "options": options.ENTRIES,
    "datasets": datasets.ENTRIES,
    "lists": lists.ENTRIES,
    "frames": frames.ENTRIES,
    "images": images.ENTRIES,
    "videos": videos.ENTRIES,
    "names": names.ENTRIES,
    "consoles": consoles.ENTRIES,
    "prepare": prepare.ENTRIES,
    "stores": stores.ENTRIES,
    "caches": caches.ENTRIES,
    "costs": costs.ENTRIES,
    "weights": weights.ENTRIES,
    "given weights and recipes": given.ENTRIES,
}
