"""Count the frames of every clip, and remember the counts between runs."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.files import write_atomically
from harness.video.decode import is_frame

SMALL = 100_000  # frames; listing that many takes well under a second


@dataclass(frozen=True, slots=True)
class ClipInfo:
    """What is in a clip's folder: its time of change, the number of frames, and a hash of their names and sizes."""

    mtime_ns: int
    frames: int
    digest: str


MISSING = ClipInfo(0, 0, "")


def scan_clips(clips: Sequence[Path], root: Path, cache: Path, *, thorough: bool) -> dict[Path, ClipInfo]:
    """Look at every clip folder that changed since the last time. A missing folder has no frames."""
    index = cache / "index" / f"{hashlib.sha256(str(root.resolve()).encode()).hexdigest()[:16]}.parquet"
    known = _read(index, root)
    if thorough and sum(info.frames for info in known.values()) < SMALL:
        known = {}
    infos = {clip: _look(clip, known.get(clip)) for clip in clips}
    if infos != known:
        _write(index, root, infos)
    return infos


def _look(clip: Path, known: ClipInfo | None) -> ClipInfo:
    try:
        mtime = clip.stat().st_mtime_ns
        if known is not None and known.mtime_ns == mtime:
            return known
        with os.scandir(clip) as entries:
            files = sorted((e.name, e.stat().st_size) for e in entries if is_frame(e.name) and e.is_file())
    except OSError:
        return MISSING
    return ClipInfo(mtime, len(files), hashlib.sha256(repr(files).encode()).hexdigest()[:16])


def _read(index: Path, root: Path) -> dict[Path, ClipInfo]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        columns = pq.read_table(index).to_pydict()
        rows = zip(columns["clip"], columns["mtime_ns"], columns["frames"], columns["digest"], strict=True)
        return {root / clip: ClipInfo(mtime, frames, name) for clip, mtime, frames, name in rows}
    except (OSError, KeyError, pa.ArrowException):
        return {}  # no index yet, or one that cannot be read: it is only a memory


def _write(index: Path, root: Path, infos: dict[Path, ClipInfo]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.table(
        {
            "clip": [clip.relative_to(root).as_posix() for clip in infos],
            "mtime_ns": [info.mtime_ns for info in infos.values()],
            "frames": [info.frames for info in infos.values()],
            "digest": [info.digest for info in infos.values()],
        }
    )
    write_atomically(index, lambda path: pq.write_table(table, path))
