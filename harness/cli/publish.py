"""`harness publish SITE`: a static site of stored results."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli.output import (
    Json,
    PluginFiles,
    Release,
    Runs,
    load_plugins,
    print_json,
    say,
    stores_of,
    warn,
    warn_left_out,
)
from harness.core.errors import HarnessError
from harness.plugin import registry

if TYPE_CHECKING:
    from harness.leaderboard.site.thumbnails import Thumbnails


def publish(
    site: Annotated[Path, typer.Argument(help="Folder for the site.")],
    runs: Runs = None,
    thumbnails: Annotated[
        bool, typer.Option("--thumbnails", help="Show small frames of clips on the pages of runs. They may be faces.")
    ] = False,
    data_root: Annotated[
        Path | None, typer.Option(help="With --thumbnails: folder that holds DFEW/ FERV39k/ MAFW/.")
    ] = None,
    method_pages: Annotated[
        str, typer.Option("--method-pages", help="Address of a method's page in the docs, `{method}` for its name.")
    ] = "",
    release: Release = None,
    plugin: PluginFiles = None,
    json_: Json = False,
) -> None:
    """Write a static site that needs no server and no network. Without --thumbnails it shows no image of a face.

    Examples:

        harness publish site --runs runs

        harness publish site --thumbnails --data-root /data

        harness publish site --release dfer-2026.1

        harness publish site --method-pages 'https://example.org/docs/methods/{method}.html'
    """
    from harness.leaderboard import load
    from harness.leaderboard.audit import audit
    from harness.leaderboard.board.published import read_published, verdicts
    from harness.leaderboard.releases import released
    from harness.leaderboard.site import publish as write

    if method_pages and not re.fullmatch(r"https?://\S*\{method\}\S*", method_pages):
        raise HarnessError(
            f"--method-pages {method_pages}: give an address that holds {{method}}, https://.../{{method}}"
        )
    load_plugins(plugin)
    metrics = registry.metrics()
    board = load(
        released(stores_of(runs), release),
        registry.datasets(),
        metrics,
    )
    frames = _frames(data_root) if thumbnails else None
    findings = audit(board, registry.plugins().offers("methods"))
    judged = verdicts(board, read_published(), registry.methods())
    first = write(
        board,
        site,
        metrics,
        judged,
        findings,
        frames,
        registry.plugins().files,
        registry.methods(),
        method_pages,
    )
    warn_left_out(board.left_out)
    for note in frames.warnings if frames else ():
        warn(f"warning: {note}")
    if json_:
        pages = sum(1 for _ in site.rglob("*.html"))
        print_json({"site": str(site), "index": str(first), "pages": pages, "left_out": dict(board.left_out)})
    else:
        say(str(first))


def _frames(data_root: Path | None) -> Thumbnails:
    from harness.leaderboard.site.thumbnails import Thumbnails

    return Thumbnails(registry.datasets(), data_root)
