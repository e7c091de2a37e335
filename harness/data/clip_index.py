"""Count the frames of every clip, a folder or a video, hash what is in it, and remember both between runs."""

from __future__ import annotations

import hashlib
import os
import random
import stat
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from harness.core.errors import CannotWrite
from harness.core.events import Say, say_nothing
from harness.core.text import natural_key
from harness.data.clip_content import content_digest, latest_change, list_frames, sizes_digest
from harness.data.paths import Below
from harness.system.sealed import Damaged, read_sealed, tell_damaged, write_sealed
from harness.video.files import count_frames

FIELDS = ("mtime_ns", "frames", "digest", "oddities", "changed_ns", "sizes")  # what is remembered of a clip
SMALL = 100_000  # frames; looking at that many takes well under a second
SAMPLED = 2_000  # clips of a large tree whose files are looked at where not all are
READERS = 8  # threads that read files, since those of a shared disk are waited for
TOLD = 10.0  # seconds between two words on how far the reading is
SETTLED = 2_000_000_000  # nanoseconds after which another change of a file has another time, on any file system

# How closely clips that are known are looked at: by the time of their folder alone; in a large tree at the files of
# some; or at every file, since one that is rewritten in place leaves no trace in its folder.
Care = Literal["folders", "sample", "files"]


@dataclass(frozen=True, slots=True)
class ClipInfo:
    """Contents of a clip: times of change, the number of frames, a hash of names and contents, and oddities."""

    mtime_ns: int
    frames: int
    digest: str
    oddities: int = 0  # any of the bits below
    changed_ns: int = 0  # of the file that changed last; 0 where a later change might have the same time
    sizes: str = ""  # hash of names and sizes


UNORDERED = 1  # plain string order is not the order of time: 1, 10, 2
BROKEN = 2  # some frames are links that lead nowhere, or no files
UNREADABLE = 4  # the folder or the file cannot be opened
NOT_THERE = 8
UNREAD = 16  # there are images of a suffix that is not read
DOUBLES = 32  # some frames are there under two suffixes; one of each is read
ILLEGIBLE = 64  # some frames cannot be read
MISSING = ClipInfo(0, 0, "", NOT_THERE)
SHAPE = str.maketrans("123456789", "000000000")  # names of one shape sort alike as strings and as numbers


def scan_clips(
    clips: Sequence[Path],
    root: Path,
    cache: Path,
    care: Care,
    say: Say = say_nothing,
) -> dict[Path, ClipInfo]:
    """Look at every clip, and read those that changed since the last time. A missing folder has no frames.

    Reading a large tree takes minutes, so `say` is told now and then how far it is.
    """
    index = cache / "index" / f"{hashlib.sha256(os.fsencode(root.resolve())).hexdigest()[:16]}.parquet"
    known = _read(index)
    below = Below(root)
    named = {below(clip): clip for clip in clips}
    infos = _kept(named, known, care)

    # What is new or has changed is read, several clips at once.
    todo = {name: clip for name, clip in named.items() if name not in infos}
    infos |= zip(todo, _read_clips(list(todo.values()), say), strict=True)
    if todo or infos.keys() != known.keys():
        _write(index, {name: infos[name] for name in named})
    return {clip: infos[name] for name, clip in named.items()}


def _read_clips(clips: Sequence[Path], say: Say) -> Iterator[ClipInfo]:
    """Yield what each clip holds, in order."""
    with ThreadPoolExecutor(READERS) as pool:
        told = time.monotonic()
        for number, info in enumerate(pool.map(_look, clips), 1):
            if time.monotonic() - told > TOLD:
                told = time.monotonic()
                say(f"read {number:,} of {len(clips):,} clips that are new or have changed")
            yield info


def _kept(
    named: Mapping[str, Path],
    known: Mapping[str, ClipInfo],
    care: Care,
) -> dict[str, ClipInfo]:
    """Return what is known of the clips that are as they were."""
    files = _looked_into(sorted(named), known, care)
    kept, touched = {}, False
    for name, clip in named.items():
        info = known.get(name)
        if info is not None and _is_same(clip, info, closely=name in files):
            kept[name] = info
        else:
            touched = touched or name in files
    if care == "sample" and touched and len(files) < len(named):  # where one was rewritten others may be, too
        return _kept(named, known, "files")
    return kept


def _looked_into(
    names: Sequence[str],
    known: Mapping[str, ClipInfo],
    care: Care,
) -> frozenset[str]:
    """Return the clips whose files are looked at, one by one."""
    if care == "folders":
        return frozenset()
    if care == "files" or sum(info.frames for info in known.values()) < SMALL or len(names) <= SAMPLED:
        return frozenset(names)
    return frozenset(random.Random().sample(names, SAMPLED))  # others each time, and no chance of a run's own


def _is_same(
    clip: Path,
    known: ClipInfo,
    *,
    closely: bool,
) -> bool:
    """Return whether a clip is as it was: by the time of its folder, and by those of its files."""
    try:
        status = clip.stat()
        if status.st_mtime_ns != known.mtime_ns:
            return False
        if stat.S_ISREG(status.st_mode):
            return status.st_ctime_ns == known.changed_ns or not (closely or known.changed_ns)
        return not closely or (known.changed_ns > 0 and latest_change(clip) == known.changed_ns)
    except OSError:
        return False


def _look(clip: Path) -> ClipInfo:
    """Read a clip: what it holds, and how it is known again."""
    now = time.time_ns()
    try:
        status = clip.stat()
    except OSError as error:
        return replace(MISSING, oddities=NOT_THERE if isinstance(error, FileNotFoundError) else UNREADABLE)
    if stat.S_ISREG(status.st_mode):
        return _video(clip, status, now)
    try:
        found = list_frames(clip)
    except OSError:
        return ClipInfo(status.st_mtime_ns, 0, "", UNREADABLE)
    digest, legible = content_digest(clip, found.sizes)
    odd = BROKEN * found.broken | UNREAD * found.unread | DOUBLES * found.doubles
    odd |= ILLEGIBLE * (not legible) | UNORDERED * _unordered(found.sizes)
    return ClipInfo(
        status.st_mtime_ns,
        len(found.sizes),
        digest,
        odd,
        _settled(max(found.changed_ns, status.st_ctime_ns), found.changed_ns, now),
        sizes_digest(found.sizes),
    )


def _video(
    clip: Path,
    status: os.stat_result,
    now: int,
) -> ClipInfo:
    frames = count_frames(clip)
    files = [(clip.name, status.st_size)]
    sizes = sizes_digest(files)
    digest, legible = content_digest(clip.parent, files) if frames else (sizes, False)
    return ClipInfo(
        status.st_mtime_ns,
        frames,
        digest,
        0 if legible else UNREADABLE,
        _settled(status.st_ctime_ns, status.st_ctime_ns, now),
        sizes,
    )


def _settled(latest: int, changed: int, now: int) -> int:
    """Return the time of change, or 0 if it was so lately that the next change might not show in it."""
    return changed if latest < now - SETTLED else 0


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
        return {os.fsdecode(clip): ClipInfo(*values) for clip, *values in rows}
    except FileNotFoundError:
        return {}  # no index yet
    except Damaged as error:
        tell_damaged(index, error, "every clip is looked at again")
    except (OSError, KeyError, TypeError, ValueError, pa.ArrowException):
        tell_damaged(index, Damaged("it is no index of clips"), "every clip is looked at again")
    return {}


def _write(index: Path, infos: Mapping[str, ClipInfo]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.table(
        {
            "clip": pa.array([os.fsencode(name) for name in infos], pa.binary()),  # of any coding
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
