"""Keep what is logged and warned during a job, for its own files."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def logged_to(path: Path) -> Iterator[None]:
    """Send what the harness and its plugins log during a job to the job's own file."""
    handler = logging.FileHandler(path, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger("harness")
    before = root.level, root.propagate
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    root.propagate = False  # some libraries give the root logger a handler that prints
    try:
        yield
    finally:
        root.removeHandler(handler)
        root.setLevel(before[0])
        root.propagate = before[1]
        handler.close()


@contextmanager
def warnings_kept(messages: list[str]) -> Iterator[None]:
    """Keep Python's warnings for the result instead of printing them."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        try:
            yield
        finally:
            messages.extend(f"{w.category.__name__}: {w.message}" for w in caught)
