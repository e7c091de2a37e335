"""One line of the table: an input that is wrong, and what the harness has to say to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

Prepare = Callable[[Path], None]


def nothing(folder: Path) -> None:
    """Put nothing in: the command alone is the input."""


@dataclass(frozen=True)
class Hostile:
    """An input that is wrong.

    Args:
        name: In a few words, unique within its kind.
        command: Words after `harness`; they run in the trial's folder. `TOY` stands for `toy_bench(...)`'s plugin.
        says: Regular expression that standard output and standard error together must hold, blanks as one space.
        code: Exit code. 0 where the rest of the work has to come in spite of the input, and the words have to say it.
        prepare: Writes the input into the trial's folder, a copy of `base`.
        base: `empty`; `data`: `data/TOY`, the toy dataset of the tests; `store`: that, and `runs/` and `cache/` of a
            finished bench on it (two methods, two folds, one seed).
        env: Variables beside `HARNESS_CACHE`, which is `cache/` of the trial's folder.
        after: Looks at the trial's folder afterwards: what is wrong there, or "" where all is well.
        own_process: Whether a fork of this process will not do, such as where Python's own start is what is tested.
    """

    name: str
    command: tuple[str, ...]
    says: str
    code: int = 2
    prepare: Prepare = nothing
    base: str = "empty"
    env: Mapping[str, str] = field(default_factory=dict)
    after: Callable[[Path], str] = lambda folder: ""
    own_process: bool = False


def words(text: str) -> tuple[str, ...]:
    """Return the words of a command in which none holds a blank."""
    return tuple(text.split())
