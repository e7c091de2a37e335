"""What a dataset plugin found below a root, and what is wrong with it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from harness.annotations import BadRow
from harness.errors import BadData
from harness.specs import ClassLabel, Fold

SHOWN = 5  # wrong rows that an error names
Level = Literal["error", "warning", "info"]


@dataclass(frozen=True)
class Problem:
    """Something to know about data on disk. An `error` has to be put right, an `info` is merely said."""

    level: Level
    code: str  # kebab-case, stable: programs may look for it
    message: str
    file: str = ""
    line: int | None = None

    @property
    def place(self) -> str:
        """`file:line: `, as far as they are known."""
        return "".join(f"{part}:" for part in (self.file, self.line) if part) + " " if self.file else ""


@dataclass(frozen=True)
class Inventory:
    """A dataset as it lies below a root. `layout` says what was read, for people."""

    folds: Mapping[str, Fold]
    layout: str
    crop_source: str  # name of the crops: part of the protocol
    problems: Sequence[Problem] = ()
    classes: tuple[ClassLabel, ...] = ()  # of a dataset whose spec leaves them open
    derived: tuple[str, ...] = ()  # folds of which a list was missing, so that a rule made it
    places: Mapping[str, tuple[str, int]] = field(default_factory=dict)  # clip id -> file and line that list it
    lists: Mapping[tuple[str, str], str] = field(default_factory=dict)  # fold and part -> file that lists it
    stated: Mapping[str, int] = field(default_factory=dict)  # clip id -> number of frames that a list claims

    def checked(self) -> Inventory:
        """The same. Raises: BadData with the first errors, such as wrong rows, if there are any."""
        errors = [p for p in self.problems if p.level == "error"]
        if errors:
            first = "\n".join(f"{p.place}{p.message}" for p in errors[:SHOWN])
            raise BadData(first + (f"\nand {len(errors) - SHOWN} more" if len(errors) > SHOWN else ""))
        return self


def bad_row(error: BadRow) -> Problem:
    """A wrong row of an annotation as a problem."""
    return Problem("error", "bad-annotation", error.reason, str(error.file), error.line)


class Below:
    """The path below a root as text, as `relative_to(root).as_posix()`, which takes seconds for all clips."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.start = os.path.join(root, "")  # noqa: PTH118 (with a slash at its end)

    def __call__(self, path: Path) -> str:
        """Raises: ValueError if it is not below the root."""
        text = os.fspath(path)
        if text.startswith(self.start):
            return text[len(self.start) :].replace(os.sep, "/")
        return path.relative_to(self.root).as_posix()

    def holds(self, path: Path) -> bool:
        """Whether a path is below the root, by its name."""
        return os.fspath(path).startswith(self.start) or path.is_relative_to(self.root)


def relative(path: Path, root: Path) -> str:
    """The path as people read it: below the root if it is there."""
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)
