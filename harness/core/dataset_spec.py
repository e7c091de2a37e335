"""A dataset and its official protocol, as a plugin offers it, and what it reads below a root."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from harness.core.errors import BadData


@dataclass(frozen=True, slots=True)
class Sample:
    """One labelled video: a folder of frames or a video file."""

    id: str  # unique in its dataset, e.g. "00001" or "Action/Happy/0015"
    source: Path  # absolute
    label: int  # index into DatasetSpec.classes
    group: str = ""  # subject, scene or movie where known; for leak checks and whole-group hold-outs
    frames: int = 0  # counted by the harness, never taken from an annotation
    targets: tuple[float, ...] = ()  # soft target of each class, where annotators' votes are known; see `Batch.targets`


@dataclass(frozen=True)
class Fold:
    """One official split of a dataset."""

    train: Sequence[Sample]
    test: Sequence[Sample]

    @property
    def samples(self) -> Sequence[Sample]:
        """Training clips, then test clips."""
        return (*self.train, *self.test)


@dataclass(frozen=True)
class ClassLabel:
    """One expression: the noun used in prompts and results, and how the annotation writes it."""

    name: str  # "happiness"
    word: str  # "Happy"
    number: int | None = None  # official number, 1-based in DFEW


@dataclass(frozen=True)
class DatasetSpec:
    """A dataset and its official protocol. `load(root, fold)` reads annotations only; the harness counts frames."""

    name: str
    version: str
    title: str  # as papers print it
    folder: str  # below the data root
    classes: tuple[ClassLabel, ...]
    folds: tuple[str, ...]
    load: Callable[[Path, str], Fold]
    paper: str = ""
    read: Callable[[Path, str], Inventory] | None = (
        None  # all folds of a root, in the layout asked for; else `load` reads
    )
    counts: Mapping[str, tuple[tuple[int, ...], tuple[int, ...]]] = field(default_factory=dict)  # train, test per class
    split_sha256: Mapping[str, tuple[str, str]] = field(default_factory=dict)  # of the official train and test
    overlaps: tuple[str, ...] = ()  # what it shares with other datasets, as sentences
    temporal_pairs: tuple[tuple[str, str], ...] = ()  # class pairs that only time separates, in the demo replica
    reader: str = ""  # of a dataset that a user has named: the offered one that reads it
    write_demo: str = ""  # "module:function" that writes a synthetic replica, (root, pairs, seed, progress)

    @property
    def is_open(self) -> bool:
        """Whether classes and folds are those found: clips of one's own, which can have a name."""
        return not self.folds

    @property
    def class_names(self) -> tuple[str, ...]:
        """The nouns, in label order."""
        return tuple(c.name for c in self.classes)


SHOWN = 5  # wrong rows that an error names

Level = Literal["error", "warning", "info"]


@dataclass(frozen=True)
class Problem:
    """Problem with data on disk: an `error` blocks a run, `warning` and `info` do not."""

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
    keep: Callable[[], None] | None = None  # stores what later runs have to find again; called before the first job

    def checked(self) -> Inventory:
        """Return the inventory itself. Raises: BadData with the first errors, such as wrong rows, if there are any."""
        errors = [p for p in self.problems if p.level == "error"]
        if errors:
            first = "\n".join(f"{p.place}{p.message}" for p in errors[:SHOWN])
            raise BadData(first + (f"\nand {len(errors) - SHOWN} more" if len(errors) > SHOWN else ""))
        return self
