"""Read files after a look at their kind and size: a pipe would hang, a device never end, a giant fill the memory."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO

MB = 1024**2
CHUNK = 4096
KINDS = (  # what stands in a file's place, in words
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


def check_regular(path: str | Path, most: int) -> os.stat_result:
    """Look whether a path leads to a regular file of at most so many bytes, without opening it.

    Raises:
        OSError: it does not; `strerror` says what is there.
    """
    facts = os.stat(path)  # noqa: PTH116  (a leaderboard looks at ten thousand of them)
    _check(facts, path, most)
    return facts


def open_regular(path: str | Path, most: int) -> BinaryIO:
    """Open a regular file of at most so many bytes. Raises: OSError if it is none, at once."""
    check_regular(path, most)
    number = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY)  # it may have become a pipe meanwhile
    try:
        _check(os.fstat(number), path, most)
    except OSError:
        os.close(number)
        raise
    return os.fdopen(number, "rb", buffering=0)


def read_regular(path: str | Path, most: int) -> bytes:
    """Return the content of a regular file of at most so many bytes. Raises: OSError if it is none, at once."""
    with open_regular(path, most) as file:
        parts, size = [], 0
        expected = os.fstat(file.fileno()).st_size + 1  # one more, to see the end
        while part := file.read(max(expected - size, CHUNK)):
            parts.append(part)
            size += len(part)
            _check_size(size, path, most)  # it may have grown meanwhile
        return b"".join(parts)


def _check(
    facts: os.stat_result,
    path: str | Path,
    most: int,
) -> None:
    if not stat.S_ISREG(facts.st_mode):
        kind = next((words for is_kind, words in KINDS if is_kind(facts.st_mode)), "something else")
        raise OSError(errno.EINVAL, f"{kind}, where a file has to be", os.fspath(path))
    _check_size(facts.st_size, path, most)


def _check_size(
    size: int,
    path: str | Path,
    most: int,
) -> None:
    if size > most:
        raise OSError(errno.EFBIG, f"{size:,} bytes, of which {most:,} are read at most", os.fspath(path))
