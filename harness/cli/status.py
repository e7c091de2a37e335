"""`harness status`: what the store holds."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from harness import registry
from harness.cli.output import Json, Runs, out, print_json, print_table
from harness.errors import HarnessError
from harness.store import Store


def status(
    folder: Annotated[Path | None, typer.Argument(help="The runs folder; the same as --runs.")] = None,
    runs: Runs = Path("runs"),
    json_: Json = False,
) -> None:
    """Count the stored results of each dataset and method: done, failed, or made by another source of the plugin.

    Example:

        harness status runs
    """
    root = folder or runs
    if not root.is_dir():
        raise HarnessError(f"{root}: no such folder; `harness bench` makes it")
    sources = {name: offer.source_sha256 for name, offer in registry.plugins().offers("methods").items()}
    counts: dict[tuple[str, str], Counter[str]] = {}
    for result in Store(root).results():
        stale = sources.get(result["method"], "") != result["plugin"]["source_sha256"]
        row = counts.setdefault((result["dataset"], result["variant"] or result["method"]), Counter())
        row["stale" if stale else result["status"]] += 1
    states = ("done", "failed", "stale")
    rows = [{"dataset": d, "method": m, **{s: c[s] for s in states}} for (d, m), c in sorted(counts.items())]
    if json_:
        print_json({"runs": str(root), "rows": rows})
    elif rows:
        print_table(f"Results in {root}", ["dataset", "method", *states], [tuple(r.values()) for r in rows])
    else:
        out.print(f"no results in {root}", markup=False)
