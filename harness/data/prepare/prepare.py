"""Prepare all clips of a folder, in parallel, going on where an earlier run stopped."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from harness.core.errors import HarnessError
from harness.data.prepare.crop import Record, Settings, kept_record, prepare_clip
from harness.data.prepare.faces import Detector, mtcnn
from harness.data.prepare.index_files import COLUMNS, FACELESS, INDEX
from harness.data.prepare.raw_clips import RawClip, find_clips
from harness.system.files import write_atomically
from harness.system.pools import ended_with, pool_of, unheard

Advance = Callable[[int, int], None]  # clips done, of all
_detectors: list[Detector] = []  # of this process


@dataclass(frozen=True)
class Prepared:
    """Crops and records that a run left behind."""

    records: Sequence[Record]
    kept: int
    index: Path
    faceless: Path


def prepare(
    source: Path,
    out: Path,
    settings: Settings,
    workers: int,
    advance: Advance,
) -> Prepared:
    """Write crops, `index.csv` (one line a source frame) and `no-face.csv` (the frames without a crop) to `out`.

    Raises:
        HarnessError: no clips, no detector, or a folder that cannot be written to.
    """
    if source.is_dir() and out.resolve().is_relative_to(source.resolve()):
        raise HarnessError(f"{out} is inside {source}, so its crops would be taken for clips; choose another folder")
    clips = find_clips(source)
    records = {clip.id: kept_record(clip, out, settings) for clip in clips}
    todo = [clip for clip in clips if records[clip.id] is None]
    kept = len(clips) - len(todo)
    advance(kept, len(clips))
    for done, record in enumerate(_prepared(todo, out, settings, workers), kept + 1):
        records[record.clip] = record
        advance(done, len(clips))
    finished = [found for clip in clips if (found := records[clip.id]) is not None]
    sources = {clip.id: clip for clip in clips}
    rows = [{**row, "source": _source(sources[row["clip"]], source)} for record in finished for row in record.rows]
    _write(out / INDEX, rows)
    _write(out / FACELESS, [row for row in rows if row["status"] != "face"])
    return Prepared(finished, kept, out / INDEX, out / FACELESS)


def _prepared(
    clips: Sequence[RawClip],
    out: Path,
    settings: Settings,
    workers: int,
) -> Iterator[Record]:
    if not clips:
        return
    mtcnn()  # says at once if there is none
    if min(workers, len(clips)) < 2:
        yield from (_work(clip, out, settings) for clip in clips)
        return
    with pool_of(workers) as pool, ended_with(pool):  # a clip in work is begun anew the next time
        rest = iter(clips)
        with unheard():
            waiting = {pool.submit(_work, clip, out, settings) for clip in islice(rest, 2 * workers)}
        try:
            while waiting:
                ready, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                with unheard():
                    waiting |= {pool.submit(_work, clip, out, settings) for clip in islice(rest, len(ready))}
                yield from (future.result() for future in ready)
        except BrokenProcessPool as error:
            raise HarnessError("a process died, perhaps of lack of memory; try fewer --workers") from error


def _work(
    clip: RawClip,
    out: Path,
    settings: Settings,
) -> Record:
    if not _detectors:
        _detectors.append(mtcnn())
    return prepare_clip(clip, out, settings, _detectors[0])


def _source(clip: RawClip, source: Path) -> str:
    return clip.path.name if clip.path == source else clip.path.relative_to(source).as_posix()


def _write(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    def fill(draft: Path) -> None:
        with draft.open(
            "w", encoding="utf-8", errors="surrogateescape", newline=""
        ) as file:  # names as they are on disk
            writer = csv.DictWriter(file, COLUMNS)
            writer.writeheader()
            writer.writerows(rows)

    write_atomically(path, fill)


def default_workers() -> int:
    """Return one process a core."""
    return os.cpu_count() or 1
