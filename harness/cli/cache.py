"""`harness cache`: the features of frozen encoders on disk."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import typer

from harness.cli.output import Json, print_json, print_table, say
from harness.system.folders import cache_folder

app = typer.Typer(no_args_is_help=True, help="Features of frozen encoders on disk.")


@app.command()
def info(json_: Json = False) -> None:
    """Show what is cached, and how much disk it takes."""
    from harness.features.cache import FeatureCache

    cache = FeatureCache.below(cache_folder())
    folder, entries = cache.root, cache.info()
    if json_:
        print_json({"folder": str(folder), "bytes": sum(e["bytes"] for e in entries), "views": entries})
        return
    print_table(
        str(folder),
        ["dataset", "view", "frames", "size", "shards", "MB"],
        [
            (
                e["dataset"],
                _view(e),
                e["input"].get("frames"),
                e["input"].get("size"),
                e["shards"],
                f"{e['bytes'] / 1e6:.1f}",
            )
            for e in entries
        ],
    )


@app.command()
def clear(json_: Json = False) -> None:
    """Remove all cached features. They are computed again when they are needed."""
    from harness.features.cache import FeatureCache

    freed = FeatureCache.below(cache_folder()).clear()
    if json_:
        print_json({"freed_bytes": freed})
    else:
        say(f"freed {freed / 1e6:.1f} MB")


def _view(entry: Mapping[str, Any]) -> str:
    """Return which view of its clips an entry holds; of one that does not tell, its key."""
    if not entry["input"]:
        return f"{entry['key']} (view.json cannot be read)"
    number = entry["number"]
    return f"test {-number}" if number < 0 else f"train {number}"
