"""`harness weights`: the files of weights that methods and backbones need, and where they lie."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import typer

from harness.cli.exits import EXIT_FAILED_JOBS
from harness.cli.output import Json, PluginFiles, load_plugins, print_json, print_table, say, warn
from harness.core.errors import UnknownName, suggestion

app = typer.Typer(no_args_is_help=True, help="Files of weights that methods and backbones need.")

SHOWN = 12  # digits of a hash in the table


@app.command("list")
def list_weights(plugin: PluginFiles = None, json_: Json = False) -> None:
    """List what methods and backbones need, and what of it is on this machine. Nothing is downloaded.

    Examples:

        harness weights list

        harness weights list --plugin my_plugin.py --json
    """
    load_plugins(plugin)
    entries = list(_entries())
    if json_:
        print_json({"folder": _folder(), "weights": entries})
        return
    print_table(
        f"weights, also looked for in {_folder()}",
        ["name", "needed by", "source", "SHA-256", "on this machine"],
        [
            (
                entry["name"],
                ", ".join(entry["needed_by"]),
                entry["source"] or "by hand",
                (entry["found_sha256"] or entry["sha256"])[:SHOWN],
                entry["path"] or f"missing: {entry['remedy']}" if not entry["problem"] else entry["problem"],
            )
            for entry in entries
        ],
    )


@app.command()
def where(
    name: Annotated[str | None, typer.Argument(help="Of the weights, as `harness weights list` shows it.")] = None,
    plugin: PluginFiles = None,
    json_: Json = False,
) -> None:
    """Print where weights lie, or without a name the folder that they are looked for in.

    Exits 1 if they are not on this machine, and says how they get there.

    Examples:

        harness weights where

        harness weights where ViT-B-32-openai
    """
    load_plugins(plugin)
    if name is None:
        print_json({"folder": _folder()}) if json_ else say(_folder())
        return
    entries = {entry["name"]: entry for entry in _entries()}
    if name not in entries:
        raise UnknownName(f"unknown weights {name!r}; {suggestion(name, entries)}")
    entry = entries[name]
    if json_:
        print_json(entry)
    elif entry["path"]:
        say(entry["path"])
    for trouble in filter(None, [entry["problem"], "" if entry["path"] else entry["remedy"]]):
        warn(trouble)
    if entry["problem"] or not entry["path"]:
        raise typer.Exit(EXIT_FAILED_JOBS)


def _folder() -> str:
    from harness.models.weights_files import weights_folder

    return str(weights_folder())


def _entries() -> Iterator[dict[str, Any]]:
    """Yield each file that is needed, once, with who needs it."""
    from harness.planning.needed_weights import needed_weights

    for needed in needed_weights():
        yield {
            "name": needed.name,
            "needed_by": list(needed.needed_by),
            "source": needed.source,
            "sha256": needed.sha256,
            "hint": needed.hint,
            "path": str(needed.path) if needed.path else None,
            "found_sha256": needed.found_sha256,
            "problem": needed.problem,
            "remedy": needed.remedy,
        }
