"""`harness audit RUNS`: what a referee would ask of stored results."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from harness.cli.output import Json, PluginFiles, Runs, load_plugins, print_json, print_table, say, stores_of
from harness.plugin import registry

EXIT_ERRORS = 1


def audit(
    folder: Annotated[Path | None, typer.Argument(help="A runs folder; the same as --runs.")] = None,
    runs: Runs = None,
    plugin: PluginFiles = None,
    json_: Json = False,
) -> None:
    """Look for what a referee would object to: protocols, cheats, spreads, duplicates, biases, outdated rows.

    Exits 1 only for errors: results that cannot be what they say. Warnings limit what a row shows.

    Example:

        harness audit runs
    """
    from harness.leaderboard import load
    from harness.leaderboard.audit import as_json
    from harness.leaderboard.audit import audit as audit_board

    load_plugins(plugin)
    store = stores_of(runs, folder)
    board = load(
        store,
        registry.datasets(),
        registry.metrics(),
    )
    found = audit_board(board, registry.plugins().offers("methods"))
    counts = Counter(finding.level for finding in found)
    if json_:
        print_json({"ok": not counts["error"], "counts": dict(counts), "findings": as_json(found)})
    elif found:
        lines = [(item.level, item.dataset, item.name, item.code, item.message) for item in found]
        print_table(
            f"Audit of {store.root}",
            ["level", "dataset", "row", "code", "what"],
            lines,
        )
    else:
        say(f"nothing to object to in {store.root}")
    if counts["error"]:
        raise typer.Exit(EXIT_ERRORS)
