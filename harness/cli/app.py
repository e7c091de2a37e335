"""The application that the commands hang on."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console

from harness import __version__
from harness.cli import bench, cache, data, doctor, leaderboard, listing, status

console = Console(stderr=True)

app = typer.Typer(
    name="harness",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    help="One benchmark, one protocol, for dynamic facial expression recognition.\n\n"
    "Try it without data: `harness bench --demo`, then `harness leaderboard`.",
)


def _version(value: bool) -> None:
    if value:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Options of the program itself."""


app.command("bench")(bench.bench)
app.command("list")(listing.list_plugins)
app.add_typer(data.app, name="data")
app.command("status")(status.status)
app.command("leaderboard")(leaderboard.leaderboard)
app.add_typer(cache.app, name="cache")
app.command("doctor")(doctor.doctor)
