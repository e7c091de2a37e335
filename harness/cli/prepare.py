"""`harness data prepare`: from raw videos to aligned face crops."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from harness.cli.counted import counting
from harness.cli.exits import EXIT_FAILED_JOBS
from harness.cli.output import Json, print_json, print_table, say, warn
from harness.core.limits import MOST_CORES

if TYPE_CHECKING:
    from harness.data.prepare.prepare import Prepared

LISTED = 20  # clips that the table shows; the files hold all


def prepare(
    source: Annotated[Path, typer.Argument(help="A folder of videos or of folders of whole frames; or one video.")],
    target: Annotated[Path, typer.Argument(metavar="OUT", help="Folder for the crops and their index.")],
    size: Annotated[int, typer.Option(min=16, max=4096, help="Side of a crop in pixels.")] = 224,
    margin: Annotated[
        float, typer.Option(min=0.0, max=0.4, help="Share of the side added on each side of a tight crop.")
    ] = 0.0,
    pick: Annotated[
        Literal["tracked", "largest"],
        typer.Option(help="The one face that covers most of the clip, or the largest of each frame."),
    ] = "tracked",
    workers: Annotated[int | None, typer.Option(min=1, max=MOST_CORES, help="Processes; default one a core.")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False,
    json_: Json = False,
) -> None:
    """Find, track and align the face of every clip, and write its crops as folders of JPEG files with an index.

    `OUT/index.csv` has one line a source frame: box, score and landmarks of the face, and the file of its crop;
    `OUT/no-face.csv` lists the frames that have none. The same command goes on where a run was stopped. The exit code
    is 1 if a clip could not be read.

    Examples:

        harness data prepare MAFW/data/clips MAFW/data/faces

        harness data prepare my-videos my-faces --size 256 --pick largest --workers 4
    """
    from harness.data.prepare.crop import Settings
    from harness.data.prepare.prepare import default_workers, prepare

    settings = Settings(size=size, margin=margin, pick=pick)
    with counting(quiet=quiet) as counter:
        prepared = prepare(
            source,
            target,
            settings,
            workers or default_workers(),
            counter("clips"),
        )
    facts = _facts(prepared)
    if json_:
        print_json(facts)
    else:
        _show(facts)
    if facts["failed"]:
        raise typer.Exit(EXIT_FAILED_JOBS)


def _facts(prepared: Prepared) -> dict[str, Any]:
    done = [record for record in prepared.records if record.status == "done"]
    missing = {r.clip: [row["frame"] for row in r.rows if row["status"] != "face"] for r in done}
    return {
        "clips": len(prepared.records),
        "done": len(done),
        "kept": prepared.kept,
        "failed": [{"clip": r.clip, "reason": r.reason} for r in prepared.records if r.status == "failed"],
        "frames": sum(len(record.rows) for record in done),
        "crops": sum(record.crops for record in done),
        "clips_without_face": [record.clip for record in done if not record.crops],
        "frames_without_face": {clip: frames for clip, frames in missing.items() if frames},
        "index": str(prepared.index),
        "no_face": str(prepared.faceless),
    }


def _show(facts: dict[str, Any]) -> None:
    for failure in facts["failed"]:
        warn(f"failed: {failure['reason']}")
    gaps = sorted(facts["frames_without_face"].items(), key=lambda item: -len(item[1]))
    if gaps:
        rows = [(clip, len(frames), "none" if clip in facts["clips_without_face"] else "") for clip, frames in gaps]
        print_table(
            "Frames without a face",
            ["clip", "frames", "crops"],
            rows[:LISTED],
        )
        if len(gaps) > LISTED:
            say(f"and {len(gaps) - LISTED} more clips: see {facts['no_face']}")
    say(
        f"{facts['crops']} crops of {facts['frames']} frames in {facts['done']} clips ({facts['kept']} kept from "
        f"before), {len(facts['failed'])} clips failed; index in {facts['index']}"
    )
