"""Read the lists of one family: they share a form, and number the classes alike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from harness.core.dataset_spec import ClassLabel, Problem
from harness.data.clip_list import BadRow, ClipList, ListRow, bad_row, read_list
from harness.data.layouts import labels
from harness.data.layouts.ids import Ids
from harness.data.layouts.lists import PARTS, WHOLE, Cell

Counts = Mapping[str, tuple[tuple[int, ...], tuple[int, ...]]]  # fold -> clips per class, (train, test)
NONE = frozenset({"", "0"})  # the label, in a table of all clips, of one that has no single label


@dataclass
class Reading:
    """Contents of lists: the rows of each part and their classes, and what is wrong."""

    parts: dict[Cell, dict[str, int]] = field(default_factory=dict)  # clip id -> class
    rows: dict[Cell, dict[str, ListRow]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def bad(self, errors: Iterable[BadRow]) -> None:
        """Keep wrong rows as problems; they are left out."""
        self.problems += map(bad_row, errors)

    @property
    def labels(self) -> dict[str, int]:
        """The class of every clip of any part."""
        return {clip: label for part in self.parts.values() for clip, label in part.items()}

    @property
    def places(self) -> dict[str, ListRow]:
        """The row of every clip, the first part's where several list it."""
        return {clip: row for rows in reversed(self.rows.values()) for clip, row in rows.items()}


@dataclass(frozen=True)
class Meaning:
    """Meaning of a dataset's lists:
    classes, ids, official sizes, and which lists number classes as the release does.
    """

    classes: Sequence[ClassLabel]
    ids: Ids
    counts: Counts
    official: str  # template of the official lists


def read_family(
    template: str,
    cells: Mapping[Cell, Path],
    meaning: Meaning,
    into: Reading,
) -> None:
    """Read lists that share a template."""
    lists = {cell: _labelled(cell, read_list(path), len(meaning.classes), into) for cell, path in cells.items()}
    for found in lists.values():
        into.bad(found.bad)
    rows = [row for found in lists.values() for row in found.rows]
    numbers = (
        _numbers(
            template,
            lists,
            meaning,
            into,
        )
        if labels.are_numbers(rows)
        else None
    )
    for cell, found in lists.items():
        _read_part(cell, found.rows, numbers, meaning, into)


def _labelled(
    cell: Cell,
    found: ClipList,
    classes: int,
    into: Reading,
) -> ClipList:
    """Return a table of all clips without those of several labels, whose label it gives as 0 or not at all."""
    rows = [row for row in found.rows if row.label not in NONE]
    highest = max((n for row in rows if (n := labels.number_of(row)) is not None), default=0)
    if cell != WHOLE or len(rows) == len(found.rows) or highest != classes:
        return found
    left = len(found.rows) - len(rows)
    text = f"{left:,} clips have no single label and are left out"
    into.problems.append(Problem("info", "no-single-label", text, str(found.rows[0].file)))
    return replace(found, rows=rows)


def _numbers(
    template: str,
    lists: Mapping[Cell, ClipList],
    meaning: Meaning,
    into: Reading,
) -> labels.Numbers:
    """Return what the numbers of a family mean; said where they are not the usual ones."""
    numbered = any(c.number is not None for c in meaning.classes)
    header = next((found.header for found in lists.values() if found.header), ())
    numbers = (
        _by_ids(lists, meaning)
        or labels.numbers_by_columns(header, meaning.classes)
        or _by_count(lists, meaning.counts)
    )
    if numbers is None and template == meaning.official and numbered:
        numbers = labels.official_numbers(meaning.classes)
    if numbers is None:
        present = {number for found in lists.values() for number in _counts(found)}
        first = 1 if numbered and header else 0
        numbers = labels.numbers_by_range(present, meaning.classes, first)
    if not numbers.usual:
        order = ", ".join(f"{n} {meaning.classes[c].name}" for n, c in sorted(numbers.classes.items()))
        into.problems.append(Problem("warning", "class-order", f"{template}: {numbers.how} ({order})"))
    if not numbers.certain:
        text = f"{template}: neither 0 nor {len(meaning.classes)} occurs; labels are read as {numbers.how}"
        into.problems.append(Problem("warning", "label-numbers", text))
    if any(_permuted(counts, official, numbers) for counts, official in _sized(lists, meaning.counts)):
        text = (
            f"{template}: labels read as {numbers.how}, but the class sizes fit another order; give words for numbers"
        )
        into.problems.append(Problem("error", "class-order", text))
    return numbers


def _sized(lists: Mapping[Cell, ClipList], counts: Counts) -> Iterator[tuple[Counter[int], Sequence[int]]]:
    """Yield clips by number, and officially by class: of each fold that is whole, then of each single part."""
    numbers = {cell: _counts(found) for cell, found in lists.items()}
    totals = {fold: [a + b for a, b in zip(*parts, strict=True)] for fold, parts in counts.items()}
    for fold, total in totals.items():
        if {(fold, part) for part in PARTS} <= numbers.keys():
            yield numbers[fold, "train"] + numbers[fold, "test"], total
        if WHOLE in numbers:
            yield numbers[WHOLE], total
    for fold, official in counts.items():
        yield from ((numbers[fold, part], official[i]) for i, part in enumerate(PARTS) if (fold, part) in numbers)


def _by_ids(lists: Mapping[Cell, ClipList], meaning: Meaning) -> labels.Numbers | None:
    """Return what the numbers mean by the labels that ids tell; a few rows may be wrong, and will be named as such."""
    told: Counter[tuple[int, str]] = Counter()
    for row in (row for found in lists.values() for row in found.rows):
        with suppress(ValueError):
            word = meaning.ids.word(meaning.ids.parse(row.clip))
            if not word:
                return None
            if (number := labels.number_of(row)) is not None:
                told[number, word] += 1
    return labels.numbers_by_words(told, meaning.classes)


def _counts(found: ClipList) -> Counter[int]:
    return Counter(n for row in found.rows if (n := labels.number_of(row)) is not None)


def _by_count(lists: Mapping[Cell, ClipList], counts: Counts) -> labels.Numbers | None:
    """Return what the numbers mean by the official class sizes, if some fold or part is whole."""
    found = (labels.numbers_by_count(numbers, list(official)) for numbers, official in _sized(lists, counts))
    return next((numbers for numbers in found if numbers), None)


def _permuted(
    counts: Counter[int],
    official: Sequence[int],
    numbers: labels.Numbers,
) -> bool:
    sizes = [0] * len(official)
    for number, label in numbers.classes.items():
        sizes[label] = counts[number]
    return labels.looks_permuted(sizes, official)


def _read_part(
    cell: Cell, rows: Sequence[ListRow], numbers: labels.Numbers | None, meaning: Meaning, into: Reading
) -> None:
    """Keep id, class and row of each clip. A row that does not fit, or comes again, is a problem."""
    classes = meaning.classes
    if numbers:
        found, bad = labels.read_numbers(rows, classes, numbers)
    else:
        found, bad = labels.read_words(rows, classes)
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


def _clip(
    row: ListRow,
    label: int,
    meaning: Meaning,
) -> str:
    try:
        clip = meaning.ids.parse(row.clip)
    except ValueError as error:
        raise row.error(str(error)) from error
    word = meaning.ids.word(clip)
    if word and word != meaning.classes[label].word:
        raise row.error(f"clip {clip!r} lies in another folder than its label {meaning.classes[label].word!r}")
    return clip
