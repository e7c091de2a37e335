"""Paths below the root of a dataset, as text."""

from __future__ import annotations

import os
from pathlib import Path


class Below:
    """The path below a root as text, as `relative_to(root).as_posix()`, which takes seconds for all clips."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.start = os.path.join(root, "")  # noqa: PTH118 (with a slash at its end)

    def __call__(self, path: Path) -> str:
        """Return the path below the root. Raises: ValueError if it is not below it."""
        text = os.fspath(path)
        if text.startswith(self.start):
            return text[len(self.start) :].replace(os.sep, "/")
        return path.relative_to(self.root).as_posix()

    def holds(self, path: Path) -> bool:
        """Return whether a path is below the root, by its name."""
        return os.fspath(path).startswith(self.start) or path.is_relative_to(self.root)


def relative(path: Path, root: Path) -> str:
    """Return the path as people read it: below the root if it is there."""
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)
