"""The application that the commands hang on."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Annotated, Any

import click
import typer
from typer.core import TyperGroup

from harness.cli import (
    accept,
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
    rescore,
    status,
    study,
    submit,
    verify,
    weights,
)
from harness.cli.exits import EXIT_INTERRUPTED
from harness.cli.panels import ABOUT, HAND_IN, OWN, PLACES, READ, RUN, BenchFlags
from harness.core.text import visible
from harness.core.version import __version__
from harness.system.screen import Screen
from harness.system.shutdown import EXIT_STOPPED, ShutdownRequested, shutdown

console = Screen(stderr=True)
STOPPED = "harness: stopped; finished results are kept, the same command goes on where it stopped"


class Commands(TyperGroup):
    """The commands. Ctrl-C and SIGTERM are handled here, before Typer answers in its own way."""

    def make_context(self, *args: Any, **settings: Any) -> Any:
        """Parse the options of the program itself."""
        with _visible_errors():
            return super().make_context(*args, **settings)

    def invoke(self, ctx: typer.Context) -> Any:  # type: ignore[override]
        """Run a command; Ctrl-C exits 130, SIGTERM 143."""
        try:
            with shutdown.listen(signal.SIGTERM), _visible_errors():
                return super().invoke(ctx)
        except (KeyboardInterrupt, ShutdownRequested) as error:
            console.print(STOPPED, highlight=False, soft_wrap=True)
            raise typer.Exit(EXIT_STOPPED if isinstance(error, ShutdownRequested) else EXIT_INTERRUPTED) from None


@contextmanager
def _visible_errors() -> Iterator[None]:
    """Spell out control characters of what was typed, before Typer shows it in its own way."""
    try:
        yield
    except click.ClickException as error:
        vars(error)["message"] = visible(error.message)  # click calls it final
        raise


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


app.command("bench", cls=BenchFlags, rich_help_panel=RUN)(bench.bench)
app.command("study", cls=BenchFlags, rich_help_panel=RUN)(study.study)
app.command("status", rich_help_panel=RUN)(status.status)

app.command("leaderboard", rich_help_panel=READ)(leaderboard.leaderboard)
app.command("compare", rich_help_panel=READ)(compare.compare)
app.command("audit", rich_help_panel=READ)(audit.audit)
app.command("verify", rich_help_panel=READ)(verify.verify)
app.command("publish", rich_help_panel=READ)(publish.publish)
app.command("rescore", rich_help_panel=READ)(rescore.rescore)
app.command("analyze", rich_help_panel=READ)(analyze.analyze)

app.command("submit", rich_help_panel=HAND_IN)(submit.submit)
app.command("accept", rich_help_panel=HAND_IN)(accept.accept)

app.add_typer(data.app, name="data", rich_help_panel=PLACES)
app.add_typer(weights.app, name="weights", rich_help_panel=PLACES)
app.add_typer(cache.app, name="cache", rich_help_panel=PLACES)

app.command("new", rich_help_panel=OWN)(new.new)
app.command("conform", rich_help_panel=OWN)(conform.conform)

app.command("list", rich_help_panel=ABOUT)(listing.list_plugins)
app.command("flops", rich_help_panel=ABOUT)(flops.flops)
app.command("doctor", rich_help_panel=ABOUT)(doctor.doctor)


GROUPS = ("data", "weights", "cache")  # commands that have commands


@lru_cache
def command() -> Callable[..., Any]:
    """Return the application as a function; Typer makes it from the signatures of all commands, so once is enough."""
    made: Callable[..., Any] = typer.main.get_command(app)
    return made
