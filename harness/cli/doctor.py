"""`harness doctor`: is this installation sound?"""

from __future__ import annotations

import typer

from harness import config, registry
from harness.cli import EXIT_FAILED_JOBS
from harness.cli.output import Json, PluginFiles, out, print_json, print_table
from harness.provenance import package_versions


def doctor(plugin: PluginFiles = None, json_: Json = False) -> None:
    """Show versions, plugins that were left out and why, and where data, cache and configuration are.

    Exits 1 if a plugin was left out.

    Example:

        harness doctor --plugin my_method.py
    """
    for path in plugin or ():
        registry.plugins().add_file(path)
    found = {kind: len(registry.plugins().offers(kind)) for kind in registry.KINDS}
    problems = registry.plugins().problems
    places = {"configuration": str(config.config_file()), "cache": str(config.cache_folder())}
    places |= {f"data of {name}": str(place.root) for name, place in config.configured_places().items()}
    if json_:
        print_json(
            {"ok": not problems, "versions": package_versions(), "found": found, "places": places,
             "problems": [vars(problem) for problem in problems]}
        )  # fmt: skip
    else:
        print_table("versions", ["package", "version"], package_versions().items())
        print_table("found", ["kind", "count"], found.items())
        print_table("places", ["what", "where"], places.items())
        print_table("plugins left out", ["plugin", "reason"], [(p.plugin, p.reason) for p in problems])
        out.print(
            "all plugins loaded" if not problems else f"{len(problems)} problem(s) with plugins",
            highlight=False,
        )
    if problems:
        raise typer.Exit(EXIT_FAILED_JOBS)
