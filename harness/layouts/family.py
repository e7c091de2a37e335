"""Read the lists of one family: they share a form, and number the classes alike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from harness.annotations import BadRow, ClipList, Row, read_list
from harness.found import Problem, bad_row
from harness.layouts import labels
from harness.layouts.ids import Ids
from harness.layouts.lists import WHOLE, Cell
from harness.specs import ClassLabel

Totals = Mapping[str, Sequence[int]]  # fold -> clips of each class, both parts together


@dataclass
class Reading:
    """What lists say: the rows of each part and their classes, and what is wrong."""

    parts: dict[Cell, dict[str, int]] = field(default_factory=dict)  # clip id -> class
    rows: dict[Cell, dict[str, Row]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def bad(self, errors: Iterable[BadRow]) -> None:
        """Keep wrong rows as problems; they are left out."""
        self.problems += map(bad_row, errors)

    @property
    def labels(self) -> dict[str, int]:
        """The class of every clip of any part."""
        return {clip: label for part in self.parts.values() for clip, label in part.items()}

    @property
    def places(self) -> dict[str, Row]:
        """The row of every clip, the first part's where several list it."""
        return {clip: row for rows in reversed(self.rows.values()) for clip, row in rows.items()}


@dataclass(frozen=True)
class Meaning:
    """What a dataset's lists mean: classes, ids, official sizes, and the first number of a list that leaves it open."""

    classes: Sequence[ClassLabel]
    ids: Ids
    totals: Totals
    official: str  # template of the official lists


def read_family(template: str, cells: Mapping[Cell, Path], meaning: Meaning, into: Reading) -> None:
    """Read lists that share a template."""
    lists = {cell: read_list(path) for cell, path in cells.items()}
    for found in lists.values():
        into.bad(found.bad)
    rows = [row for found in lists.values() for row in found.rows]
    numbers = _numbers(template, lists, meaning, into) if labels.are_numbers(rows) else None
    for cell, found in lists.items():
        _read_part(cell, found.rows, numbers, meaning, into)


def _numbers(template: str, lists: Mapping[Cell, ClipList], meaning: Meaning, into: Reading) -> labels.Numbers:
    """What the numbers of a family mean; said where they are not the usual ones."""
    numbered = any(c.number is not None for c in meaning.classes)
    numbers = _by_count(lists, meaning.totals)
    if numbers is None and template == meaning.official and numbered:
        numbers = labels.official_numbers(meaning.classes)
    if numbers is None:
        present = {int(row.label) for found in lists.values() for row in found.rows if row.label.isdecimal()}
        first = 1 if numbered and any(found.header for found in lists.values()) else 0
        numbers = labels.numbers_by_range(present, meaning.classes, first)
    if not numbers.usual:
        order = ", ".join(f"{n} {meaning.classes[c].name}" for n, c in sorted(numbers.classes.items()))
        into.problems.append(Problem("warning", "class-order", f"{template}: {numbers.how} ({order})"))
    if not numbers.certain:
        text = f"{template}: neither 0 nor {len(meaning.classes)} occurs; labels are read as {numbers.how}"
        into.problems.append(Problem("warning", "label-numbers", text))
    return numbers


def _by_count(lists: Mapping[Cell, ClipList], totals: Totals) -> labels.Numbers | None:
    """What the numbers mean by the official class sizes, if some fold is whole."""
    for fold, official in totals.items():
        both = [found for cell, found in lists.items() if cell[0] in (fold, WHOLE[0])]
        if len(both) == 2 or (WHOLE in lists and both):
            counts = Counter(int(row.label) for found in both for row in found.rows if row.label.isdecimal())
            if numbers := labels.numbers_by_count(counts, list(official)):
                return numbers
    return None


def _read_part(
    cell: Cell, rows: Sequence[Row], numbers: labels.Numbers | None, meaning: Meaning, into: Reading
) -> None:
    """Keep id, class and row of each clip. A row that does not fit, or comes again, is a problem."""
    classes = meaning.classes
    found, bad = labels.read_numbers(rows, classes, numbers) if numbers else labels.read_words(rows, classes)
    into.bad(bad)
    part, seen = into.parts.setdefault(cell, {}), into.rows.setdefault(cell, {})
    for row, label in found:
        try:
            clip = _clip(row, label, meaning)
            if clip in seen:
                raise row.error(f"duplicate id {clip!r}, first in line {seen[clip].line}")
        except BadRow as error:
            into.bad([error])
            continue
        part[clip], seen[clip] = label, row


def _clip(row: Row, label: int, meaning: Meaning) -> str:
    try:
        clip = meaning.ids.parse(row.clip)
    except ValueError as error:
        raise row.error(str(error)) from error
    word = meaning.ids.word(clip)
    if word and word != meaning.classes[label].word:
        raise row.error(f"clip {clip!r} lies in another folder than its label {meaning.classes[label].word!r}")
    return clip
