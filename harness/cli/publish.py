"""`harness publish SITE`: a static site of stored results."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from harness import registry
from harness.cli.output import Json, Runs, out, print_json
from harness.store import Store


def publish(
    site: Annotated[Path, typer.Argument(help="Folder for the site.")],
    runs: Runs = Path("runs"),
    json_: Json = False,
) -> None:
    """Write a static site that needs no server and no network. It shows no image of a face.

    Example:

        harness publish site --runs runs
    """
    from harness.leaderboard import load
    from harness.leaderboard.published import read_published, verdicts
    from harness.site import publish as write

    metrics = registry.metrics()
    board = load(Store(runs), registry.datasets(), metrics)
    first = write(board, site, metrics, verdicts(board, read_published(), registry.methods()))
    if json_:
        print_json({"site": str(site), "index": str(first), "pages": sum(1 for _ in site.rglob("*.html"))})
    else:
        out.print(str(first), markup=False, highlight=False, soft_wrap=True)
