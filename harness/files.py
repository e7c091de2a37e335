"""Write files so that a reader sees the old one, the new one, or none."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from harness.errors import HarnessError


def write_atomically(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` fill a temporary file beside `path`, then rename it. Safe for concurrent writers.

    Raises:
        HarnessError: the file cannot be written.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}-{uuid.uuid4().hex[:6]}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _removed(draft):
            write(draft)
            draft.replace(path)
    except OSError as error:
        raise HarnessError(f"cannot write {path}: {error.strerror or error}") from error


@contextmanager
def _removed(draft: Path) -> Iterator[None]:
    try:
        yield
    finally:
        draft.unlink(missing_ok=True)
