"""`harness verify RUNS`: run a sample of stored jobs again."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from harness.cli.output import Json, PluginFiles, Runs, load_plugins, print_json, print_table, roots_of, say, warn
from harness.core.errors import BadOption
from harness.core.events import say_nothing

if TYPE_CHECKING:
    from harness.core.events import EventSink
    from harness.planning.plan import Plan

EXIT_DIFFERS = 1
EXIT_CANNOT = 2


def verify(
    folder: Annotated[Path | None, typer.Argument(help="A runs folder; the same as --runs.")] = None,
    runs: Runs = None,
    jobs: Annotated[
        str, typer.Option("--jobs", help="5% of the jobs of each row, or a number of all; at least one a row.")
    ] = "5%",
    rows: Annotated[
        str | None, typer.Option("--rows", help="Methods, variants or hashes of rows, comma-separated; default all.")
    ] = None,
    salt: Annotated[
        str | None, typer.Option("--salt", help="Repeat the draw of this salt; default a new one, which is printed.")
    ] = None,
    out_dir: Annotated[
        Path | None, typer.Option("--out", help="Folder for what is run again; default one in the cache.")
    ] = None,
    executor: Annotated[Literal["ray", "inline"], typer.Option(help="Where jobs run.")] = "inline",
    data_root: Annotated[Path | None, typer.Option(help="Folder that holds the datasets.")] = None,
    layout: Annotated[
        list[str] | None, typer.Option(help="DATASET=CLIPS:LISTS, as for `bench`; may be repeated.")
    ] = None,
    backbone: Annotated[str | None, typer.Option(help="NAME:FILE, where a run's weights came from a file.")] = None,
    plugin: PluginFiles = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False,
    json_: Json = False,
) -> None:
    """Run a sample of stored jobs again, and compare what they predict: are the rows what the methods give?

    The jobs are drawn with a salt that is chosen now, when nobody can change the results any more. On the same kind of
    processor predictions have to be equal bit for bit, elsewhere within a tolerance. What came of it is written to
    `verified.json` in RUNS, from which tables take that a row was run again, for as long as no file of it changes.
    The same command goes on where it was stopped.

    Exits 0 if all are alike, 1 if some differ, 2 if none differs but some cannot be run again.

    Examples:

        harness verify runs --data-root /data

        harness verify runs --jobs 40 --rows coop,a3lign

        harness verify runs --salt 3f0c2a6e41d09b57
    """
    from harness.analysis.select import RunPlaces
    from harness.core.request import parse_layouts, parse_names
    from harness.verification.verify import Asked, own_folder
    from harness.verification.verify import verify as run_verification

    load_plugins(plugin)
    roots = roots_of(runs, folder)
    try:
        layouts = parse_layouts(layout or [])
    except ValueError as error:
        raise BadOption(f"--layout: {error}") from error
    where = RunPlaces(roots, data_root, layouts, backbone)
    out = out_dir or own_folder(roots[0])
    asked = Asked(
        jobs.strip(),
        parse_names(rows or ""),
        salt,
        out,
        executor,
    )
    quiet = quiet or json_

    @contextmanager
    def progress(plan: Plan) -> Iterator[EventSink]:
        from harness.execution.progress import progress as shown

        with redirect_stdout(sys.stderr), shown(plan, quiet=quiet) as send:
            yield send

    record = run_verification(
        where,
        asked,
        progress,
        say_nothing if json_ else say,
    )
    _show(record, roots[0], json_)
    outcomes = {job["outcome"] for job in record["jobs"]}
    if "differs" in outcomes:
        raise typer.Exit(EXIT_DIFFERS)
    if "cannot" in outcomes:
        raise typer.Exit(EXIT_CANNOT)


def _show(
    record: Mapping[str, Any],
    root: Path,
    json_: bool,
) -> None:
    counts = Counter(job["outcome"] for job in record["jobs"])
    if json_:
        print_json({"ok": set(counts) == {"alike"}, "counts": dict(counts), **record})
        return
    amiss = [job for job in record["jobs"] if job["outcome"] != "alike"]
    if amiss:
        columns = ("outcome", "dataset", "name", "fold", "seed", "id", "reason")
        print_table(
            "Not alike",
            ["outcome", "dataset", "row", "fold", "seed", "job", "why"],
            [[job[column] for column in columns] for job in amiss],
        )
    how = Counter(job["compared"] for job in record["jobs"] if job["outcome"] == "alike")
    alike = f"{counts['alike']} alike" + "".join(f" ({count} {name})" for name, count in how.items())
    say(f"{alike}, {counts['differs']} differ, {counts['cannot']} cannot be run again; in {root / 'verified.json'}")
    if counts["cannot"]:
        warn("what cannot be run again says nothing for or against its row")
