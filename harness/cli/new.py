"""`harness new`: a plugin that works at once, to be changed from there."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from harness.cli.output import load_plugins, say
from harness.core.errors import BadOption
from harness.plugin import registry
from harness.scaffold.plugin_files import Kind, NewPlugin, Offer, check_kind, check_name


def new(
    offer: Annotated[Offer, typer.Argument(help="What it offers.")],
    name: Annotated[str, typer.Argument(help="Its name, which is that of its file, too: letters, digits and _.")],
    kind: Annotated[
        Kind | None,
        typer.Option(
            help="Of a method: over a `frozen` CLIP (default), training its `tower`, from `pixels`, or `training-free`."
        ),
    ] = None,
    package: Annotated[
        bool, typer.Option("--package", help="A folder with a pyproject.toml whose entry point installs it.")
    ] = False,
    folder: Annotated[Path, typer.Option(help="Where to write.")] = Path(),
) -> None:
    """Write a plugin that works at once, and a test of it. What is there is never written over.

    Examples:

        harness new method my_method

        harness new method my_network --kind pixels --package

        harness new dataset my_faces
    """
    check_kind(offer, kind)
    plugin = NewPlugin(offer, name, kind or "frozen", package)
    for path in plugin.files(folder) if name.isidentifier() else ():
        if path.exists():
            plugin.write(folder)  # which says so
    check_name(name)
    load_plugins(None)
    taken = registry.plugins().offers(registry_kind(offer))
    if name in taken:
        raise BadOption(f"{offer} {name!r} is offered by {taken[name].plugin} already; write my_{name}")
    for path in plugin.write(folder):
        say(f"wrote {path}")
    say("Next:")
    for command in plugin.commands(folder):
        say(f"  {command}")


def registry_kind(offer: Offer) -> str:
    """Return what the registry calls what is offered."""
    return f"{offer}s"
