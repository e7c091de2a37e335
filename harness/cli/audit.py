"""`harness audit RUNS`: what a referee would ask of stored results."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli.output import (
    Json,
    PluginFiles,
    Runs,
    load_plugins,
    print_json,
    print_table,
    say,
    stores_of,
    warn_left_out,
)
from harness.plugin import registry

if TYPE_CHECKING:
    from harness.leaderboard.audit import Finding

EXIT_ERRORS = 1


def audit(
    folder: Annotated[Path | None, typer.Argument(help="A runs folder; the same as --runs.")] = None,
    runs: Runs = None,
    verbose: Annotated[bool, typer.Option("--verbose", help="Each finding, not each kind of finding.")] = False,
    plugin: PluginFiles = None,
    json_: Json = False,
) -> None:
    """Look for what a referee would object to: protocols, cheats, spreads, duplicates, biases, outdated rows.

    Shows a line for each kind of finding, with what the first one says; --verbose and --json have all.
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
    warn_left_out(board.left_out)
    found = audit_board(board, registry.plugins().offers("methods"))
    counts = Counter(finding.level for finding in found)
    if json_:
        print_json(
            {
                "ok": not counts["error"],
                "counts": dict(counts),
                "findings": as_json(found),
            }
        )
    elif found:
        _print(
            f"Audit of {store.root}",
            found,
            verbose,
        )
    else:
        say(f"nothing to object to in {store.root}")
    if counts["error"]:
        raise typer.Exit(EXIT_ERRORS)


def _print(
    title: str,
    found: Sequence[Finding],
    verbose: bool,
) -> None:
    from harness.leaderboard.audit.kinds import by_kind

    if verbose:
        every = [(item.level, item.dataset, item.name, item.code, item.message) for item in found]
        print_table(
            title,
            ["level", "dataset", "row", "code", "what"],
            every,
        )
        return
    kinds = by_kind(found)
    lines = [(k.level, k.code, len(k.findings), k.datasets, k.rows, k.example) for k in kinds]
    print_table(
        title,
        ["level", "code", "found", "dataset", "rows", "what, of the first"],
        lines,
    )
    if len(found) > len(kinds):
        say(f"{len(found)} findings of {len(kinds)} kinds; --verbose shows each")
