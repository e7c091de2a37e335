"""`harness analyze`: look into finished runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from harness.cli.output import Json, PluginFiles, Runs, load_plugins, print_json, print_table, roots_of, say, warn
from harness.core.errors import BadOption
from harness.core.limits import MOST_CORES
from harness.plugin import registry


def analyze(
    name: Annotated[str | None, typer.Argument(help="The analysis; see --list.")] = None,
    runs: Runs = None,
    out_dir: Annotated[Path, typer.Option("--out", help="Folder for what is written.")] = Path("analyses"),
    methods: Annotated[str | None, typer.Option("--methods", "--method", help="Methods or variants.")] = None,
    datasets: Annotated[str | None, typer.Option(help="Names, comma-separated.")] = None,
    folds: Annotated[str | None, typer.Option(help="Names, comma-separated.")] = None,
    seeds: Annotated[str | None, typer.Option(help="Comma-separated.")] = None,
    set_: Annotated[list[str] | None, typer.Option("--set", help="NAME.OPTION=VALUE of the analysis.")] = None,
    data_root: Annotated[Path | None, typer.Option(help="Folder that holds the datasets.")] = None,
    layout: Annotated[
        list[str] | None, typer.Option(help="DATASET=CLIPS:LISTS, as for `bench`; may be repeated.")
    ] = None,
    backbone: Annotated[str | None, typer.Option(help="NAME:FILE, where a run's weights came from a file.")] = None,
    threads: Annotated[int, typer.Option(min=1, max=MOST_CORES, help="Threads to compute with.")] = 1,
    list_: Annotated[bool, typer.Option("--list", help="List the analyses with their options.")] = False,
    plugin: PluginFiles = None,
    json_: Json = False,
) -> None:
    """Analyse finished runs that kept their weights (`harness bench --save-weights`), and write what was found.

    Examples:

        harness analyze --list

        harness analyze frame-order --runs runs --methods a3lign,coop
    """
    # What there is, if that is the question.
    load_plugins(plugin)
    if list_:
        _show(json_)
        return
    if name is None:
        raise BadOption("which analysis? harness analyze NAME; --list names them")

    from harness.analysis.run_analysis import run_analysis
    from harness.analysis.select import RunPlaces, RunSelection
    from harness.core.request import parse_layouts

    # Which runs, and where they and their data are.
    wanted = RunSelection.parse(
        methods=methods,
        datasets=datasets,
        folds=folds,
        seeds=seeds,
    )
    try:
        layouts = parse_layouts(layout or [])
    except ValueError as error:
        raise BadOption(f"--layout: {error}") from error
    where = RunPlaces(
        roots_of(runs),
        data_root,
        layouts,
        backbone,
        threads,
    )

    # The analysis; a table that it wrote is shown, and every file is named.
    files = run_analysis(
        name,
        where,
        out_dir,
        wanted,
        set_ or (),
        warn,
    )
    if json_:
        print_json({"analysis": name, "files": [str(path) for path in files]})
        return
    for path in files:
        if path.suffix == ".md":
            say(path.read_text(encoding="utf-8"))
    for path in files:
        say(str(path))


def _show(json_: bool) -> None:
    from harness.cli.listing import entry

    entries = [entry(offer) for offer in registry.plugins().offers("analyses").values()]
    if json_:
        print_json({"analyses": entries})
        return
    lines = [(e["name"], e["about"], "\n".join(f"{o['name']} = {o['default']}" for o in e["options"])) for e in entries]
    print_table("Analyses", ["name", "about", "--set NAME.…"], lines)
