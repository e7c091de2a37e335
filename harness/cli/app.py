"""The application that the commands hang on."""

from __future__ import annotations

import signal
from collections.abc import Callable
from functools import lru_cache
from typing import Annotated, Any

import typer
from rich.console import Console
from typer.core import TyperGroup

from harness.cli import (
    analyze,
    audit,
    bench,
    cache,
    compare,
    conform,
    data,
    doctor,
    flops,
    leaderboard,
    listing,
    new,
    publish,
    status,
    study,
    weights,
)
from harness.cli.exits import EXIT_INTERRUPTED
from harness.core.version import __version__
from harness.system.shutdown import EXIT_STOPPED, ShutdownRequested, shutdown

console = Console(stderr=True)
STOPPED = "harness: stopped; finished results are kept, the same command goes on where it stopped"


class Commands(TyperGroup):
    """The commands. Ctrl-C and SIGTERM are handled here, before Typer answers in its own way."""

    def invoke(self, ctx: typer.Context) -> Any:  # type: ignore[override]
        """Run a command; Ctrl-C exits 130, SIGTERM 143."""
        try:
            with shutdown.listen(signal.SIGTERM):
                return super().invoke(ctx)
        except (KeyboardInterrupt, ShutdownRequested) as error:
            console.print(STOPPED, highlight=False, soft_wrap=True)
            raise typer.Exit(EXIT_STOPPED if isinstance(error, ShutdownRequested) else EXIT_INTERRUPTED) from None


app = typer.Typer(
    name="harness",
    cls=Commands,
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
app.command("new")(new.new)
app.command("conform")(conform.conform)
app.command("list")(listing.list_plugins)
app.add_typer(data.app, name="data")
app.command("status")(status.status)
app.command("leaderboard")(leaderboard.leaderboard)
app.command("compare")(compare.compare)
app.command("audit")(audit.audit)
app.command("publish")(publish.publish)
app.command("study")(study.study)
app.command("analyze")(analyze.analyze)
app.command("flops")(flops.flops)
app.add_typer(cache.app, name="cache")
app.add_typer(weights.app, name="weights")
app.command("doctor")(doctor.doctor)


@lru_cache
def command() -> Callable[..., Any]:
    """Return the application as a function; Typer makes it from the signatures of all commands, so once is enough."""
    made: Callable[..., Any] = typer.main.get_command(app)
    return made
