"""`harness data`: where datasets are, and the synthetic demo."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from harness.cli import prepare
from harness.cli.check import check
from harness.cli.output import Json, load_plugins, print_json, say, warn
from harness.core.errors import HarnessError
from harness.data.places import DatasetPlace, set_place
from harness.plugin import registry

app = typer.Typer(no_args_is_help=True, help="Datasets on this machine.")
app.command("prepare")(prepare.prepare)


app.command("check")(check)

Layout = Annotated[
    str,
    typer.Option(
        help="CLIPS:LISTS, folders to read instead of what is found; one may be left out. See docs/datasets.md."
    ),
]


@app.command("set")
def set_root(
    name: Annotated[
        str, typer.Argument(help="Name of the dataset, as `harness list datasets` shows it, or a new one for your own.")
    ],
    path: Annotated[Path, typer.Argument(help="Its own folder, e.g. the one called DFEW.")],
    layout: Layout = "",
    reader: Annotated[
        str, typer.Option(help="Of a dataset of your own: the one that reads it; default `folder`.")
    ] = "",
) -> None:
    """Remember where a dataset is, so that `--data-root` is not needed.

    Examples:

        harness data set dfew /data/DFEW

        harness data set dfew /data/DFEW --layout DFEW_Frame_Face:annotation

        harness data set films /data/films-of-mine
    """
    load_plugins(None)
    offered = registry.offered_datasets()
    if name in offered and reader:
        raise HarnessError(f"--reader {reader}: {name} is a dataset that a plugin offers, which reads itself")
    if not path.is_dir():
        raise HarnessError(f"{path}: no such folder")
    spec = offered[name] if name in offered else registry.name_dataset(name, reader)
    file = set_place(spec.name, DatasetPlace(path, layout), spec.reader)
    by = f", read as {spec.reader}," if spec.reader else ""
    say(f"{spec.title}{by} is at {path.resolve()} (written to {file})")


@app.command("demo")
def demo(
    root: Annotated[Path | None, typer.Argument(help="Folder to write DFEW/ FERV39k/ MAFW/ to.")] = None,
    datasets: Annotated[str | None, typer.Option(help="Names, comma-separated; all without.")] = None,
    sheet: Annotated[
        Path | None,
        typer.Option("--sheet", help="Write a contact sheet of the synthetic expressions to this PNG."),
    ] = None,
    json_: Json = False,
) -> None:
    """Write small synthetic replicas of the datasets, in their official layouts, to try things out with.

    Examples:

        harness data demo demo-data

        harness data demo --sheet faces.png
    """
    from harness.planning.demo_data import draw_sheet, write_demo

    if root is None and sheet is None:
        raise HarnessError("nothing to do: name a folder for the replicas, or --sheet FILE.png")
    load_plugins(None)
    names = [n.strip() for n in datasets.split(",")] if datasets else None
    written = write_demo(root, names, _say) if root else []
    if sheet:
        draw_sheet(sheet, names)
    if json_:
        print_json({"folders": [str(p) for p in written], "sheet": str(sheet) if sheet else None})
        return
    for path in [*written, *([sheet] if sheet else [])]:
        say(f"{path} is there")


def _say(
    name: str,
    done: int,
    total: int,
) -> None:
    if done == total:
        warn(f"wrote the synthetic replica of {name}: {total} clips")
