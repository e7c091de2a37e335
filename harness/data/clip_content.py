"""What a clip holds: hashes of the contents of its files, and the time at which any of them last changed."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.video.decode import is_frame, without_doubles
from harness.video.files import UNREAD_IMAGES, unread_suffix

BLOCK = 262_144  # bytes read at a time
WHOLE = 4_000_000_000  # bytes of a file that is read whole; of a larger one, which is no clip, both ends and its time


@dataclass(frozen=True, slots=True)
class Listing:
    """Frames in a folder, by name: their sizes, the latest change of any, and what is odd about them."""

    sizes: Sequence[tuple[str, int]]
    changed_ns: int
    broken: bool  # some are no files
    unread: bool  # there are images of a suffix that is not read
    doubles: bool  # some are there under two suffixes, of which one is listed


def list_frames(folder: Path) -> Listing:
    """Look at every frame of a folder; links are followed. Raises: OSError if it cannot be listed."""
    sizes: list[tuple[str, int]] = []
    changed, broken, unread = 0, False, False
    with os.scandir(folder) as entries:
        for entry in entries:
            if not is_frame(entry.name):
                unread = unread or unread_suffix(entry.name) in UNREAD_IMAGES
                continue
            status = _status(entry)
            if status is None:
                broken = True
            else:
                sizes.append((entry.name, status.st_size))
                changed = max(changed, status.st_ctime_ns)
    sizes.sort()
    chosen = set(without_doubles([name for name, _ in sizes]))
    doubles = len(chosen) < len(sizes)
    if doubles:
        sizes = [file for file in sizes if file[0] in chosen]
    return Listing(sizes, changed, broken, unread, doubles)


def latest_change(folder: Path) -> int:
    """Return the time (ns) at which any frame of a folder last changed. Raises: OSError if it cannot be listed."""
    with os.scandir(folder) as entries:
        found = [_status(entry) for entry in entries if is_frame(entry.name)]
    return max((status.st_ctime_ns for status in found if status), default=0)


def _status(entry: os.DirEntry[str]) -> os.stat_result | None:
    """Return the status of a file or of what a link leads to; None for anything else."""
    try:
        status = entry.stat()
    except OSError:
        return None
    return status if stat.S_ISREG(status.st_mode) else None


def sizes_digest(files: Sequence[tuple[str, int]]) -> str:
    """Return a hash of names and sizes, by which clips were known before their contents were."""
    return hashlib.sha256(repr(files).encode(errors="backslashreplace")).hexdigest()[:16]


def content_digest(folder: Path, files: Sequence[tuple[str, int]]) -> tuple[str, bool]:
    """Return a hash of the names, sizes and contents of files, and whether all of them could be read."""
    whole, legible = hashlib.sha256(), True
    for name, size in files:
        whole.update(os.fsencode(f"{name}/{size}/"))
        try:
            whole.update(_file_hash(os.path.join(folder, name)))  # noqa: PTH118 (a path object takes three times as long)
        except OSError:
            legible = False
    return whole.hexdigest()[:16], legible


def _file_hash(path: str) -> bytes:
    content = hashlib.sha256()
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)  # a pipe in the place of a file would block
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(f"{path}: no file")
        if status.st_size > WHOLE:
            content.update(f"{status.st_mtime_ns} ".encode() + os.pread(descriptor, BLOCK, status.st_size - BLOCK))
            content.update(os.pread(descriptor, BLOCK, 0))
            return content.digest()
        while block := os.read(descriptor, BLOCK):
            content.update(block)
    finally:
        os.close(descriptor)
    return content.digest()
