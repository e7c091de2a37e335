"""Names that become folders: whether the file system takes them is asked before the first job, not after training."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from harness.core.errors import BadOption
from harness.core.job import JobSpec
from harness.results.store import Store, safe_name

NAME, PATH = 255, 4095  # bytes that most file systems take, of one name and of a whole path
INSIDE = 64  # bytes of the names of files in the folder of a result, and of what they are called while they are written
SHOWN = 60  # characters of a name that an error shows


def check_names(jobs: Iterable[JobSpec], store: Store) -> None:
    """Look at the folder of every job. Raises: BadOption for a name or a path that is too long."""
    root = Path(os.path.abspath(store.root))  # noqa: PTH100 (a link may lead to a shorter path, not to a longer name)
    seen: set[str] = set()
    for job in jobs:
        for kind, name in (("dataset", job.dataset), ("method", job.method), ("fold", job.fold)):
            if name not in seen:
                _check_name(kind, name, own=len(f"-s{job.seed}-{job.id}") if kind == "fold" else 0)
                seen.add(name)
        length = len(os.fsencode(root / store.folder(job).relative_to(store.root))) + INSIDE
        if length > PATH:
            text = f"paths of results would have {length:,} bytes, over {PATH:,}; shorten --out"
            raise BadOption(f"{str(store.root)[:SHOWN]}…: {text}")


def _check_name(kind: str, name: str, own: int) -> None:
    length = len(safe_name(name)) + own
    if length > NAME:
        raise BadOption(
            f"the {kind} {name[:SHOWN]!r}… would make a folder whose name has {length} bytes, and file systems take "
            f"{NAME}: give it a shorter name"
        )
