"""`harness leaderboard`: tables from stored results."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from harness.cli.output import (
    Json,
    PluginFiles,
    Release,
    Runs,
    load_plugins,
    print_json,
    print_table,
    say,
    stores_of,
    warn,
    warn_left_out,
)
from harness.core.text import visible
from harness.plugin import registry


def leaderboard(
    runs: Runs = None,
    out_dir: Annotated[Path, typer.Option("--out", help="Folder for the tables.")] = Path("leaderboards"),
    published: Annotated[
        Path | None, typer.Option("--published", help="Folder with printed numbers; default: those shipped.")
    ] = None,
    columns: Annotated[
        str | None, typer.Option("--columns", help="Columns of LaTeX beside those of Table 1, or `all`.")
    ] = None,
    release: Release = None,
    recipe: Annotated[
        str | None,
        typer.Option(help="Only rows of this recipe of `bench --recipe`; rows that name none are of `source`."),
    ] = None,
    plugin: PluginFiles = None,
    json_: Json = False,
) -> None:
    """Write Markdown, CSV, JSON and LaTeX tables: one per dataset, one across datasets, one beside printed numbers.

    Prints the table across datasets, on two screens at most, and names the files, which hold everything.

    Example:

        harness leaderboard --runs runs --out leaderboards
    """
    from harness.leaderboard import Papers, load, write
    from harness.leaderboard.board.across import across_tables
    from harness.leaderboard.board.metric_state import metric_notes
    from harness.leaderboard.board.published import BUNDLED, read_published
    from harness.leaderboard.of_recipe import RecipeResults
    from harness.leaderboard.releases import released
    from harness.leaderboard.tables.screen import by_stem, screens

    load_plugins(plugin)
    papers = Papers(read_published(published or BUNDLED), registry.methods())
    metrics = registry.metrics()
    asked = released(stores_of(runs), release)
    board = load(
        RecipeResults(asked, recipe) if recipe else asked,
        registry.datasets(),
        metrics,
    )
    names = [name.strip() for name in (columns or "").split(",") if name.strip()]
    files = write(board, out_dir, metrics, papers, names)
    notes = list(metric_notes(board, metrics))
    warn_left_out(board.left_out)
    if json_:
        print_json(
            {
                "files": [str(path) for path in files if path.is_file()],
                "folders": [str(path) for path in files if path.is_dir()],
                "notes": notes,
                "left_out": dict(board.left_out),
            }
        )
        return
    for note in notes:
        warn(note)
    for table in screens(board, across_tables(board), metrics):
        print_table(table.title, table.columns, table.lines)
        for text in table.below:
            say(visible(text))
    for name in by_stem(files):
        say(name)
