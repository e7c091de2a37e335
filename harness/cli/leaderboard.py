"""`harness leaderboard`: tables from stored results."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from harness.cli.output import Json, PluginFiles, Runs, load_plugins, print_json, say, stores_of, warn
from harness.plugin import registry


def leaderboard(
    runs: Runs = None,
    out_dir: Annotated[Path, typer.Option("--out", help="Folder for the tables.")] = Path("leaderboards"),
    published: Annotated[
        Path | None, typer.Option("--published", help="Folder with printed numbers; default: those shipped.")
    ] = None,
    plugin: PluginFiles = None,
    json_: Json = False,
) -> None:
    """Write Markdown, CSV, JSON and LaTeX tables: one per dataset, one across datasets, one beside printed numbers.

    Example:

        harness leaderboard --runs runs --out leaderboards
    """
    from harness.leaderboard import Papers, load, write
    from harness.leaderboard.board.metric_state import metric_notes
    from harness.leaderboard.board.published import BUNDLED, read_published

    load_plugins(plugin)
    papers = Papers(read_published(published or BUNDLED), registry.methods())
    metrics = registry.metrics()
    board = load(stores_of(runs), registry.datasets(), metrics)
    files = write(board, out_dir, metrics, papers)
    notes = list(metric_notes(board, metrics))
    if json_:
        print_json({"files": [str(path) for path in files], "notes": notes})
        return
    for note in notes:
        warn(note)
    for path in files:
        if path.suffix == ".md":
            say(path.read_text(encoding="utf-8"))
    for path in files:
        say(str(path))
