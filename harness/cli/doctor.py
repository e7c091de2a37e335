"""`harness doctor`: is this installation sound?"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from harness.cli.exits import EXIT_FAILED_JOBS
from harness.cli.output import Json, OneRuns, PluginFiles, one_of, print_json, print_table, say
from harness.data.places import configured_places
from harness.plugin import registry
from harness.results.provenance import package_versions
from harness.system.folders import cache_folder, config_file


def doctor(
    plugin: PluginFiles = None,
    runs: OneRuns = None,
    data_root: Annotated[Path | None, typer.Option(help="Folder that holds DFEW/ FERV39k/ MAFW/.")] = None,
    json_: Json = False,
) -> None:
    """Check versions, devices, Ray, plugins, data, weights, disk, rights and clocks; each with a verdict and a fix.

    Exits 1 if there is a problem; warnings are no problem.

    Example:

        harness doctor --runs runs --data-root /data --plugin my_method.py
    """
    from harness.cli.diagnostics import all_checks

    registry.plugins().add_asked(plugin or (), whole=False)
    checks = list(all_checks(one_of(runs, "doctor"), data_root))
    ok = all(check.verdict != "problem" for check in checks)
    places = {"configuration": str(config_file()), "cache": str(cache_folder())}
    places |= {f"data of {name}": str(place.root) for name, place in configured_places().items()}
    if json_:
        found = {kind: len(registry.plugins().offers(kind)) for kind in registry.KINDS}
        problems = [vars(problem) for problem in registry.plugins().problems]
        print_json(
            {
                "ok": ok,
                "checks": [asdict(check) for check in checks],
                "versions": package_versions(),
                "found": found,
                "places": places,
                "problems": problems,
            }
        )
    else:
        print_table(
            "Checks", ["check", "verdict", "found", "fix"], [(c.name, c.verdict, c.found, c.fix) for c in checks]
        )
        print_table("Places", ["what", "where"], places.items())
        say("no problems" if ok else "problems found")
    if not ok:
        raise typer.Exit(EXIT_FAILED_JOBS)
