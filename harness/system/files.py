"""Write files so that a reader sees the old one, the new one, or none."""

from __future__ import annotations

import getpass
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from harness.core.errors import CannotWrite
from harness.system.processes import is_dead, tag

ABANDONED = 86_400.0  # seconds after which the temporary file of a process on another machine is given up


def write_atomically(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` fill a temporary file beside `path`, then rename it. Safe for concurrent writers.

    Raises:
        CannotWrite: the file cannot be written.
    """
    draft = path.with_name(f".{path.name}.{tag()}-{uuid.uuid4().hex[:6]}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _removed(draft):
            write(draft)
            draft.replace(path)
    except OSError as error:
        raise CannotWrite(f"cannot write {path}: {error.strerror or error}") from error


def remove_compiler_folder() -> None:
    """Remove the folder that torch makes among temporary files when its compiler is imported, if nothing is in it."""
    with suppress(OSError, KeyError):  # KeyError: a user without a name
        Path(tempfile.gettempdir(), f"torchinductor_{getpass.getuser()}").rmdir()


def sweep(folder: Path) -> None:
    """Remove the temporary files that processes left below a folder when they were killed."""
    for draft in folder.rglob(".*.tmp"):
        owner = draft.name.removesuffix(".tmp").rpartition(".")[2].rpartition("-")[0]
        with suppress(OSError):
            if is_dead(owner) or time.time() - draft.stat().st_mtime > ABANDONED:
                draft.unlink()


@contextmanager
def _removed(draft: Path) -> Iterator[None]:
    try:
        yield
    finally:
        draft.unlink(missing_ok=True)
