"""Entries of caches: each ends with a checksum of its content and of what it is of, and is looked at before it is used.

The checksum is CRC-32, which finds what disks, networks and slips of the hand do to a file, at 2 GB a second and core.
It is no signature: who may write into a cache can write entries whose checksum is right.
"""

from __future__ import annotations

import logging
import shutil
import struct
import zlib
from contextlib import suppress
from pathlib import Path

from typing_extensions import Buffer

from harness.core.errors import CannotWrite
from harness.system.files import write_atomically
from harness.system.regular import MB, open_regular, read_regular

END = struct.Struct("<8sI")  # of every entry: a mark, and the checksum of what stands before it
MARK = b"\0sealed1"
MOST = 1024 * MB
TRIES = 3  # to write into a folder that somebody removes


log = logging.getLogger("harness.cache")  # what is told here reaches the log of a job and the output of a run


class Damaged(Exception):
    """Entry of a cache that is not what was written; the message says in what."""


def seal(content: Buffer, about: str) -> bytes:
    """Return the end of an entry: a mark and the checksum. Args: its content, and what it is of."""
    return END.pack(MARK, _checksum(content, about))


def check_seal(entry: memoryview, about: str) -> int:
    """Return how many bytes of an entry are its content. Raises: Damaged if its checksum is not that of them."""
    size = len(entry) - END.size
    mark, stored = END.unpack(entry[size:]) if size >= 0 else (b"", 0)
    if mark != MARK:
        raise Damaged("cut short, or of an earlier version or another program: it has no checksum")
    if stored != _checksum(entry[:size], about):
        raise Damaged("its checksum is not that of its content and its place")
    return size


def looks_sealed(path: Path) -> bool:
    """Return whether a file ends as an entry does: a look at its last bytes only. Raises: FileNotFoundError."""
    try:
        with open_regular(path, MOST) as file:
            file.seek(-END.size, 2)
            return file.read(len(MARK)) == MARK
    except FileNotFoundError:
        raise
    except OSError:
        return False


def read_sealed(
    path: Path,
    about: str,
    most: int = MOST,
) -> bytes:
    """Return the content of an entry. Raises: FileNotFoundError; Damaged if it is not what was written."""
    try:
        entry = read_regular(path, most)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise Damaged(error.strerror or str(error)) from error
    return entry[: check_seal(memoryview(entry), about)]


def write_sealed(
    path: Path,
    content: Buffer,
    about: str,
) -> None:
    """Write an entry atomically. What is no file and stands in its place is removed, since the place is the cache's.

    Raises:
        CannotWrite: it cannot be written.
    """
    write_in_place(path, content, seal(content, about))


def write_in_place(path: Path, *parts: Buffer) -> None:
    """Write a file of a cache atomically, as `write_sealed` does, without a checksum. Raises: CannotWrite."""

    def write(draft: Path) -> None:
        with draft.open("wb") as file:
            file.writelines(parts)

    for left in reversed(range(TRIES)):
        try:
            _make_way(path)
            write_atomically(path, write)
            break
        except CannotWrite as error:
            if not left or not isinstance(error.__cause__, FileNotFoundError | FileExistsError | NotADirectoryError):
                raise


def tell_damaged(
    path: Path,
    error: Damaged,
    remedy: str,
) -> None:
    """Say that an entry is not used, why, and what is done about it."""
    log.warning("%s: not used (%s); %s", path, error, remedy)


def remove(path: Path) -> None:
    """Remove what stands in a file's place, a folder, too. What cannot be removed stays."""
    with suppress(OSError):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def _make_way(path: Path) -> None:
    """Remove a folder that stands in a file's place, and a file that stands in that of its folder."""
    if path.is_dir() and not path.is_symlink():
        remove(path)
    if not path.parent.is_dir():
        remove(path.parent)


def _checksum(content: Buffer, about: str) -> int:
    return zlib.crc32(about.encode(), zlib.crc32(content))
