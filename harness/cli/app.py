"""The application that the commands hang on."""

from __future__ import annotations

import errno
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from typing import Annotated, Any

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
from harness.cli.panels import ABOUT, HAND_IN, OWN, PLACES, READ, RUN, BenchFlags
from harness.core.errors import HarnessError
from harness.core.text import visible
from harness.core.version import __version__
from harness.plugin.failures import failure_of_plugin
from harness.system.screen import Screen
from harness.system.shutdown import STOPPED, shutdown

console = Screen(stderr=True)
SHOWN = 60  # characters of a name that is too long


class Commands(TyperGroup):
    """The commands. Signals are handled here, before Typer answers in its own way."""

    def invoke(self, ctx: typer.Context) -> Any:  # type: ignore[override]
        """Run a command. Ctrl-C exits 130, SIGTERM, SIGHUP and SIGQUIT 143, whatever follows from them on the way out.

        Raises:
            HarnessError: code of a plugin, or the machine, failed outside of a job.
        """
        try:
            with shutdown.listen_as_command():
                return super().invoke(ctx)
        except BaseException as error:
            if shutdown.exit_code:
                say_error(STOPPED)
                raise typer.Exit(shutdown.exit_code) from None
            reason = reason_of(error)
            if reason:
                raise HarnessError(reason) from error
            raise


def reason_of(error: BaseException) -> str:
    """Return what a person can put right of an error that no command has named; empty where that is the harness's."""
    if isinstance(error, HarnessError | typer.Exit):
        return ""
    if isinstance(error, OSError) and error.errno == errno.ENAMETOOLONG:
        return f"{str(error.filename)[:SHOWN]}…: this name is too long for a file system, which takes 255 bytes"
    if isinstance(error, OSError) and error.errno not in (None, errno.EPIPE):
        place = f"{error.filename}: " if error.filename else ""
        return failure_of_plugin(error) or f"{place}{error.strerror}"
    if isinstance(error, MemoryError):
        return failure_of_plugin(error) or "this machine has no memory left; ask for less at a time"
    return failure_of_plugin(error)


def say_error(error: object) -> None:
    """Print an error as it is, on standard error; a terminal that was closed is no reason to fail."""
    with suppress(OSError):
        console.print(
            visible(f"harness: {error}"),
            markup=False,
            highlight=False,
            soft_wrap=True,
        )


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
