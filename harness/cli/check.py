"""`harness data check`: is a dataset on disk whole, official and fit to be used?"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli.counted import counting
from harness.cli.exits import EXIT_FAILED_JOBS
from harness.cli.output import Json, PluginFiles, load_plugins, print_json, print_table, say, warn
from harness.core.limits import MOST_CORES, MOST_FRAMES
from harness.data.places import DatasetPlace, dataset_place
from harness.plugin import registry
from harness.system.folders import cache_folder

if TYPE_CHECKING:
    from harness.data.check.report import Report


def check(
    name: Annotated[str, typer.Argument(help="Name of the dataset, as `harness list datasets` shows it.")],
    root: Annotated[Path | None, typer.Option(help="Its own folder; without, where `data set` says it is.")] = None,
    layout: Annotated[str, typer.Option(help="CLIPS:LISTS, folders to read instead of what is found.")] = "",
    deep: Annotated[bool, typer.Option("--deep", help="Decode every frame.")] = False,
    leaks: Annotated[bool, typer.Option("--leaks", help="Look for equal frames in train and test.")] = False,
    frames: Annotated[
        int, typer.Option(min=1, max=MOST_FRAMES, help="Frames sampled from a clip; shorter clips are told.")
    ] = 16,
    workers: Annotated[
        int, typer.Option(min=0, max=MOST_CORES, help="Processes of --deep and --leaks; 0 = one a core.")
    ] = 0,
    plugin: PluginFiles = None,
    json_: Json = False,
) -> None:
    """Compare a dataset on disk with what it should be: clips, splits, frames and file names.

    Exit code 1 if something is wrong, 0 if there is nothing or there are only warnings, 2 if there is no such folder.

    Examples:

        harness data check dfew

        harness data check ferv39k --root /data/FERV39k --deep --leaks

        harness data check dfew --root /data/DFEW --layout DFEW_Frame_Face:annotation --json
    """
    from harness.data.check.check import check as check_dataset
    from harness.data.check.parallel import Parallel

    load_plugins(plugin)
    spec = registry.dataset(name)
    place = (
        DatasetPlace(root.expanduser().resolve(), layout)
        if root
        else dataset_place(
            spec,
            None,
            layout,
        )
    )
    workers = workers or os.cpu_count() or 1
    with counting(quiet=False) as counter:
        report = check_dataset(
            spec,
            place.root,
            cache_folder(),
            place.layout,
            frames=frames,
            deep=Parallel(workers, counter("decoding clips")) if deep else None,
            leaks=Parallel(workers, counter("comparing clips")) if leaks else None,
            say=warn,
        )
    if json_:
        print_json(report.to_json())
    else:
        _show(report)
    if not report.ok:
        raise typer.Exit(EXIT_FAILED_JOBS)


def _show(report: Report) -> None:
    for line in (f"{report.dataset} at {report.root}", f"read: {report.layout or 'nothing'}", _kind(report)):
        say(line)
    classes = list(report.folds[0].per_class) if report.folds else []
    print_table(
        "clips found, of those expected where they differ",
        ["fold", "part", "clips", f"per class: {', '.join(classes)}", "short", "SHA-256"],
        [
            (
                part.fold,
                part.part,
                _of(part.found, part.expected),
                ", ".join(_of(part.per_class[name], part.expected_per_class[name]) for name in classes),
                part.short,
                f"{part.sha256[:12]} {_verdict(part.sha256, part.official_sha256)}",
            )
            for part in report.folds
        ],
    )
    if report.frames:
        values = ", ".join(f"{key} {value:g}" for key, value in report.frames.items())
        say(f"frames per clip: {values}")
    for problem in report.problems:
        text = f"{problem.level}: {problem.place}{problem.message} [{problem.code}]"
        say(text)
    say("no problems" if report.ok else "problems found")


def _kind(report: Report) -> str:
    if report.demo:
        return "a synthetic demo, not the official data"
    if report.official:
        return "the official split"
    known = any(part.official_sha256 for part in report.folds)
    return "NOT the official split" if known else "there is no official split to compare with"


def _of(found: int, expected: int) -> str:
    return str(found) if found == expected else f"{found} of {expected}"


def _verdict(found: str, official: str | None) -> str:
    return "" if official is None else "official" if found == official else "other"
