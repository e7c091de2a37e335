"""Read a bench file: whatever it holds is plain data in the end, or one sentence says why it is not."""

from __future__ import annotations

import os
import stat
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness.core.errors import BadOption
from harness.core.limits import DEEPEST, MOST_BYTES

MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"  # that some editors write before the text


def read_bench_file(path: Path) -> dict[str, Any]:
    """Return the keys of a TOML file, with `_` for `-`.

    Raises:
        BadOption: it cannot be read, or is no TOML that a bench file could be.
    """
    try:
        text = _content(path).decode("utf-8").removeprefix(MARK)
        data = tomllib.loads(text)
    except OSError as error:
        raise BadOption(f"{path}: cannot be read ({error.strerror or error})") from error
    except UnicodeDecodeError as error:
        raise BadOption(f"{path}: not TOML (byte {error.start} is not UTF-8; save it as UTF-8)") from error
    except RecursionError as error:
        raise BadOption(f"{path}: lists or tables within more than {DEEPEST} others") from error
    except ValueError as error:  # of TOML itself, or of a number of thousands of digits
        raise BadOption(f"{path}: not TOML ({error})") from error
    if _depth(data) > DEEPEST:
        raise BadOption(f"{path}: lists or tables within more than {DEEPEST} others")
    return _joined(path, data)


def _content(path: Path) -> bytes:
    """Return the bytes of a file, of which the first are enough to refuse one that is too large.

    Raises:
        BadOption: it is no file, or too large.
        OSError: it cannot be read.
    """
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))  # a pipe without a writer would wait
    except ValueError as error:
        raise BadOption(f"{str(path)!r}: a path holds no null byte") from error
    with os.fdopen(handle, "rb") as file:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode):
            raise BadOption(f"{path}: no regular file")
        if found.st_size > MOST_BYTES:
            raise BadOption(f"{path}: {found.st_size:,} bytes; a bench file has at most {MOST_BYTES:,}")
        return file.read(MOST_BYTES)


def _depth(data: Any) -> int:
    """Return how deep tables and lists lie within each other, without calling itself."""
    depth, level = 0, [data]
    while level:
        depth += 1
        inner: list[Any] = []
        for value in level:
            parts = value.values() if isinstance(value, Mapping) else value
            inner += [part for part in parts if isinstance(part, dict | list)]
        level = inner
    return depth


def _joined(path: Path, data: Mapping[str, Any]) -> dict[str, Any]:
    joined: dict[str, Any] = {}
    for key, value in data.items():
        name = key.replace("-", "_")
        if name in joined:
            raise BadOption(f"{path}: {key!r} is there twice, once with '-' and once with '_'")
        joined[name] = value
    return joined
