"""Count the frames of every clip, a folder or a video, and remember the counts between runs."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from harness.core.errors import CannotWrite
from harness.core.text import natural_key
from harness.data.paths import Below
from harness.system.sealed import Damaged, read_sealed, tell_damaged, write_sealed
from harness.video.decode import is_frame
from harness.video.files import count_frames

FIELDS = ("mtime_ns", "frames", "digest", "odd")  # what is remembered of a clip
SMALL = 100_000  # frames; listing that many takes well under a second


@dataclass(frozen=True, slots=True)
class ClipInfo:
    """Contents of a clip: its time of change, the number of frames, a hash of their names and sizes, and oddities."""

    mtime_ns: int
    frames: int
    digest: str
    odd: int = 0  # any of the bits below


UNORDERED = 1  # plain string order is not the order of time: 1, 10, 2
BROKEN = 2  # some frames are links that lead nowhere, or no files
UNREADABLE = 4  # the folder or the file cannot be opened
NOT_THERE = 8
MISSING = ClipInfo(0, 0, "", NOT_THERE)
SHAPE = str.maketrans("123456789", "000000000")  # names of one shape sort alike as strings and as numbers


def scan_clips(
    clips: Sequence[Path],
    root: Path,
    cache: Path,
    *,
    thorough: bool,
) -> dict[Path, ClipInfo]:
    """Look at every clip folder that changed since the last time. A missing folder has no frames."""
    index = cache / "index" / f"{hashlib.sha256(str(root.resolve()).encode()).hexdigest()[:16]}.parquet"
    known = _read(index)
    if thorough and sum(info.frames for info in known.values()) < SMALL:
        known = {}
    below = Below(root)
    names = [below(clip) for clip in clips]
    infos = {name: _look(clip, known.get(name)) for name, clip in zip(names, clips, strict=True)}
    if infos != known:
        _write(index, infos)
    return dict(zip(clips, infos.values(), strict=True))


def _look(clip: Path, known: ClipInfo | None) -> ClipInfo:
    try:
        status = clip.stat()
    except OSError as error:
        return replace(MISSING, odd=NOT_THERE if isinstance(error, FileNotFoundError) else UNREADABLE)
    if known is not None and known.mtime_ns == status.st_mtime_ns:
        return known
    if stat.S_ISREG(status.st_mode):
        frames = count_frames(clip)
        odd = 0 if frames else UNREADABLE
        return ClipInfo(
            status.st_mtime_ns,
            frames,
            _digest([(clip.name, status.st_size)]),
            odd,
        )
    files: list[tuple[str, int]] = []
    odd = 0
    try:
        with os.scandir(clip) as entries:
            for entry in entries:
                if not is_frame(entry.name):
                    continue
                size = _size(entry)
                if size < 0:
                    odd |= BROKEN
                else:
                    files.append((entry.name, size))
    except OSError:
        return ClipInfo(status.st_mtime_ns, 0, "", UNREADABLE)
    files.sort()
    return ClipInfo(
        status.st_mtime_ns,
        len(files),
        _digest(files),
        odd | UNORDERED * _unordered(files),
    )


def _size(entry: os.DirEntry[str]) -> int:
    """Return bytes of a file or of what a link leads to; negative for anything else."""
    try:
        status = entry.stat()
    except OSError:
        return -1
    return status.st_size if stat.S_ISREG(status.st_mode) else -1


def _digest(files: Sequence[tuple[str, int]]) -> str:
    return hashlib.sha256(repr(files).encode()).hexdigest()[:16]


def _unordered(files: Sequence[tuple[str, int]]) -> bool:
    """Return whether names in string order are out of natural order."""
    names = [name for name, _ in files]
    return len({name.translate(SHAPE) for name in names}) > 1 and names != sorted(names, key=natural_key)


def _read(index: Path) -> dict[str, ClipInfo]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        content = read_sealed(index, _about(index))
        with pq.ParquetFile(pa.BufferReader(content)) as file:  # unlike `read_table` it imports no datasets
            columns = file.read().to_pydict()
        rows = zip(
            columns["clip"],
            *(columns[name] for name in FIELDS),
            strict=True,
        )
        return {clip: ClipInfo(*values) for clip, *values in rows}
    except FileNotFoundError:
        return {}
    except Damaged as error:
        tell_damaged(index, error, "every clip is looked at again")
    except (OSError, KeyError, TypeError, ValueError, pa.ArrowException):
        tell_damaged(index, Damaged("it is no index of clips"), "every clip is looked at again")
    return {}


def _write(index: Path, infos: dict[str, ClipInfo]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.table(
        {
            "clip": list(infos),
            **{name: [getattr(info, name) for info in infos.values()] for name in FIELDS},
        }
    )
    whole = pa.BufferOutputStream()
    pq.write_table(table, whole)
    with suppress(CannotWrite):  # it is only a memory
        write_sealed(index, whole.getvalue(), _about(index))


def _about(index: Path) -> str:
    """Return what an index is of, which its checksum covers: one of another root is found, too."""
    return f"index of clips, {index.stem}"
