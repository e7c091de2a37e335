"""From what a list writes to a class: words in any of their forms, or numbers in whatever order they count."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from harness.core.dataset_spec import ClassLabel
from harness.core.errors import suggestion
from harness.data.clip_list import BadRow, ListRow

FORMS = {  # noun -> other words of it in this field's annotations
    "happiness": "happy",
    "sadness": "sad",
    "anger": "angry",
    "surprise": "surprised",
    "disgust": "disgusted",
    "fear": "fearful",
    "contempt": "contemptuous",
    "anxiety": "anxious",
    "helplessness": "helpless",
    "disappointment": "disappointed",
}
NEARLY = 0.03  # share by which a class may differ from its official size, beside what chance makes of missing rows
CHANCE = 4  # standard deviations of that
BETTER = 3  # times as near has another order to be, where many rows are missing, and not by chance
FEW = 200  # clips; sizes of a shorter list that lacks most tell nothing
FAR = 0.1  # share of the clips that stand in another class than by the official sizes
Labelled = tuple[ListRow, int]
NOUNS = {form: noun for noun, form in FORMS.items()}
KNOWN = frozenset({*FORMS, "neutral"})  # the nouns of known expressions


def noun(word: str) -> str:
    """Return the noun that this project calls an expression by, as far as it knows the word."""
    return NOUNS.get(word.lower(), word.lower() if word.lower() in KNOWN else word)


@dataclass(frozen=True)
class Numbers:
    """Meaning of each number of a list, and how that was found out."""

    classes: Mapping[int, int]
    how: str
    certain: bool = True  # False: neither the counts nor the range of the numbers tell
    usual: bool = True  # False: the classes stand in another order than here


def read_words(rows: Iterable[ListRow], classes: Sequence[ClassLabel]) -> tuple[list[Labelled], list[BadRow]]:
    """Return the class of each row whose label is a word, and the rows whose word is none."""
    known = {}
    for i, c in enumerate(classes):
        for form in (FORMS.get(c.name, c.name), c.name, c.word):
            known[form.lower()] = i
    found: list[Labelled] = []
    bad = []
    for row in rows:
        if row.label.lower() in known:
            found.append((row, known[row.label.lower()]))
        else:
            bad.append(row.error(_unknown(row.label, classes)))
    return found, bad


def read_numbers(
    rows: Iterable[ListRow], classes: Sequence[ClassLabel], numbers: Numbers
) -> tuple[list[Labelled], list[BadRow]]:
    """Return the class of each row whose label is a number, and the rows whose number is none."""
    valid = ", ".join(f"{number} ({classes[c].name})" for number, c in sorted(numbers.classes.items()))
    found: list[Labelled] = []
    bad = []
    for row in rows:
        number = number_of(row)
        if number is not None and number in numbers.classes:
            found.append((row, numbers.classes[number]))
        else:
            bad.append(row.error(f"unknown label {row.label!r}; valid: {valid}"))
    return found, bad


def number_of(row: ListRow) -> int | None:
    """Return the label as a number, if it is one that a class may have."""
    return int(row.label) if row.label.isdecimal() and len(row.label) < 4 else None


def are_numbers(rows: Sequence[ListRow]) -> bool:
    """Return whether labels are numbers: most of them are, so that one wrong word does not turn the whole list."""
    return 2 * sum(row.label.isdecimal() for row in rows) > len(rows)


def official_numbers(classes: Sequence[ClassLabel]) -> Numbers:
    """Return the numbers that the official list uses."""
    return Numbers({c.number: i for i, c in enumerate(classes) if c.number is not None}, "official numbers")


def numbers_by_count(counts: Counter[int], totals: Sequence[int]) -> Numbers | None:
    """Return what numbers mean by class frequency: class sizes differ, so the official sizes tell the order.

    `counts` and `totals` are clips of the same part, by number and by class. None if they do not match.
    """
    if sorted(counts.values()) != sorted(totals) or len(set(totals)) < len(totals):
        return None
    return _numbers_by({number: totals.index(count) for number, count in counts.items()}, "the class sizes")


def numbers_by_words(told: Counter[tuple[int, str]], classes: Sequence[ClassLabel]) -> Numbers | None:
    """Return what numbers mean by the word that most clips of each have in their id, by (number,
    word) of every clip.
    """
    words = {number: word for (number, word), _ in reversed(told.most_common())}
    found = {number: next(i for i, c in enumerate(classes) if c.word == word) for number, word in words.items()}
    return _numbers_by(found, "the ids") if sorted(found.values()) == list(range(len(classes))) else None


def numbers_by_columns(header: Sequence[str], classes: Sequence[ClassLabel]) -> Numbers | None:
    """Return what numbers mean in a table of votes: from 1, in the order of the columns ("anger", "1happy") of the
    classes.
    """
    names = [noun(re.sub("^[0-9]*(vote)?[^a-z]*", "", column.strip().lower())) for column in header]
    places = {c.name: i for i, c in reversed(list(enumerate(classes)))}  # of classes of one name the first
    order = [places[name] for name in names if name in places]
    if sorted(order) != list(range(len(classes))):
        return None
    return Numbers(dict(enumerate(order, start=1)), "numbers in the order of the columns, from 1")


def numbers_by_range(
    present: Iterable[int],
    classes: Sequence[ClassLabel],
    first: int,
) -> Numbers:
    """Return numbers from 0 or from 1, by whether 0 or the highest of the latter occurs; `first` where neither does.

    With both, the list is wrong, and reading it from `first` will say where.
    """
    present = set(present)
    lowest, highest = 0 in present, len(classes) in present
    base = first if lowest == highest else 0 if lowest else 1
    return Numbers(
        {base + i: i for i in range(len(classes))},
        _base(base),
        certain=lowest != highest,
    )


def looks_permuted(found: Sequence[int], official: Sequence[int]) -> bool:
    """Return whether class sizes are nearly the official ones, but in another order; any share of rows may be missing.

    A list that lacks rows has the official shares: what drawing without return makes of them is allowed for. Where
    rows are missing otherwise, another order still has to be far nearer than the one read.
    """
    clips, all_clips = sum(found), sum(official)
    if not all_clips or clips < min(FEW, (1 - NEARLY) * all_clips):
        return False
    share = clips / all_clips
    expected = [share * size for size in official]
    ordered = sorted(found), sorted(expected)
    if _near(*ordered, share):
        return not _near(found, expected, share)
    read, best = _distance(found, expected), _distance(*ordered)
    return read > BETTER * best and read > FAR * clips and best < FAR * clips


def _near(
    sizes: Sequence[int],
    expected: Sequence[float],
    share: float,
) -> bool:
    missing = max(0.0, 1 - share)
    pairs = zip(sizes, expected, strict=True)
    return all(abs(n - size) <= max(2, NEARLY * size + CHANCE * (size * missing) ** 0.5) for n, size in pairs)


def _distance(sizes: Sequence[int], expected: Sequence[float]) -> float:
    """Return clips that stand in another class than expected."""
    return sum(abs(n - size) for n, size in zip(sizes, expected, strict=True)) / 2


def _numbers_by(classes: dict[int, int], by: str) -> Numbers:
    steps = {c - number for number, c in classes.items()}
    usual = len(steps) == 1
    return Numbers(
        classes,
        _base(-steps.pop()) if usual else f"another class order, told by {by}",
        usual=usual,
    )


def _base(base: int) -> str:
    return f"numbers from {base}"


def _unknown(word: str, classes: Sequence[ClassLabel]) -> str:
    valid = ", ".join(c.word for c in classes)
    names = {c.name for c in classes} | {c.word for c in classes}
    if "_" in word and {noun(part) for part in word.split("_")} <= names:
        return f"label {word!r} is a compound one; the harness reads the single-labelled lists"
    hint = suggestion(word, names)
    closest = f"; {hint}" if hint.startswith("did you mean") else ""
    return f"unknown label {word!r}{closest}; valid: {valid}"
