"""What commands share: printing facts as tables or JSON, and saying which plugins were left out."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from harness.core.errors import HarnessError
from harness.core.text import SPELT, visible
from harness.plugin import registry
from harness.results.store import JoinedStores, Store, open_stores
from harness.system.screen import Screen

Json = Annotated[bool, typer.Option("--json", help="Print facts as JSON on standard output.")]
Runs = Annotated[
    list[Path] | None,
    typer.Option("--runs", help="Folder that `harness bench` wrote its results to (default: runs); may be repeated."),
]
OneRuns = Annotated[
    list[Path] | None, typer.Option("--runs", help="Folder that `harness bench` wrote its results to (default: runs).")
]
Release = Annotated[
    str | None, typer.Option("--release", help="Only results of this protocol release, such as dfer-2026.1.")
]
PluginFiles = Annotated[
    list[Path] | None,
    typer.Option("--plugin", help="A Python file with hooks, for this run; may be repeated."),
]

WIDEST = 100_000  # columns, of what is no terminal
ESCAPED = {code: f"\\u{code:04x}" for code in SPELT if chr(code) != "\n"}  # as JSON writes them in texts

out = Screen()
err = Screen(stderr=True)


def stores_of(runs: list[Path] | None, folder: Path | None = None) -> Store | JoinedStores:
    """Return the results of the runs folders that a command was given, joined if they are several.

    Raises:
        HarnessError: one of several folders is not there.
    """
    return open_stores(roots_of(runs, folder))


def roots_of(runs: list[Path] | None, folder: Path | None = None) -> list[Path]:
    """Return the runs folders that a command was given, each once: `folder`, as an argument, and the flags."""
    named = [*([folder] if folder else []), *(runs or [])]
    return list(dict.fromkeys(named)) or [Path("runs")]


def one_of(runs: list[Path] | None, command: str) -> Path:
    """Return the one runs folder of a command that takes no second one. Raises: HarnessError for two."""
    roots = roots_of(runs)
    if len(roots) > 1:
        raise HarnessError(f"harness {command} looks at one runs folder at a time, not at {len(roots)}")
    return roots[0]


def say(text: str) -> None:
    """Print text as it is: no markup, no colours, and no line broken before its end."""
    out.print(
        visible(text, "\n\t"),
        markup=False,
        highlight=False,
        soft_wrap=True,
    )


def warn(text: str) -> None:
    """Print text as it is, on standard error."""
    err.print(
        visible(text, "\n\t"),
        markup=False,
        highlight=False,
        soft_wrap=True,
    )


def warn_left_out(left_out: Mapping[str, str]) -> None:
    """Name, on standard error, each damaged file of a store that was left out, and why."""
    for path, why in left_out.items():
        warn(f"left out: {path}: {why}")


def print_json(data: Any) -> None:
    """Print plain JSON, for programs. What the console's coding lacks, or what would steer it, is escaped."""
    text = json.dumps(
        data,
        indent=2,
        ensure_ascii=False,
        default=str,
    )
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        text = json.dumps(data, indent=2, default=str)
    sys.stdout.write(text.translate(ESCAPED) + "\n")


def print_table(
    title: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
) -> None:
    """Print a table for people. Cells are text, never markup, and nothing in them steers the terminal."""
    table = Table(
        *columns,
        title=escape(visible(title)) or None,
        title_justify="left",
        header_style="bold",
    )
    for row in rows:
        table.add_row(*(escape("–" if cell is None else visible(str(cell))) for cell in row))
    if out.is_terminal:
        out.print(table)
        return
    wide = Screen(file=out.file, width=WIDEST)  # a pipe has no width, and nothing in it is cut
    width = wide.measure(table).maximum
    wide.print(
        table,
        width=max(width, 1),
        crop=False,
        no_wrap=True,
        overflow="ignore",
    )


def load_plugins(files: list[Path] | None) -> None:
    """Load the one-file plugins of the configuration and of `--plugin`; report, on standard error, what is left out."""
    registry.plugins().add_asked(files or ())
    report_problems()


def report_problems() -> None:
    """Print one line for each plugin that could not be used, and why."""
    plugins = registry.plugins()
    for kind in registry.KINDS:
        plugins.offers(kind)  # finds the problems that only show when the hooks are called
    for problem in plugins.problems:
        warn(f"plugin {problem.plugin} left out: {problem.reason}")
