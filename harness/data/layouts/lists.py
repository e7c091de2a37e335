"""Which text files below a root are label lists, and of which fold and part: told by their paths."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path

from harness.core.dataset_spec import Problem
from harness.core.errors import BadData
from harness.data.layouts.walk import list_folder
from harness.data.paths import relative

FIELD = ("afew", "caer", "crema", "dfew", "emovoxceleb", "ferv39k", "mafw", "ravdess")  # lists often lie together
PART = re.compile(r"(?<![a-z])(?:(train)|(test)|(val))(?:ing|idate|idation)?(?:_?set)?(?![a-z])", re.IGNORECASE)
FOLD = re.compile(r"(?:set|split|fold|fd)[ _-]?0*([1-9][0-9]?)(?![0-9])", re.IGNORECASE)
LONE = re.compile(r"(?<![0-9])0*([1-9])(?![0-9])")  # "train1.txt", "1_test.csv", where nothing else tells
LABELS = re.compile(r"label|annot|(?<![a-z])all(?![a-z])|single", re.IGNORECASE)
UNUSABLE = {  # why a list is left alone unless it is asked for by name
    re.compile(r"compound", re.IGNORECASE): "compound labels",
    re.compile(r"multi", re.IGNORECASE): "several labels a clip",
    re.compile(r"with_?caption", re.IGNORECASE): "with captions, and so without the neutral clips",
    re.compile(r"[0-9]+_scenes", re.IGNORECASE): "a single scene each",
}
PARTS = ("train", "test")
Cell = tuple[str, str]  # fold, part
WHOLE: Cell = ("", "")  # of a list that names no part: labels of all clips


@dataclass
class Family:
    """Lists that differ only in fold and part, e.g. `label/single_{part}set_{fold}.csv`."""

    template: str
    files: dict[Cell, Path] = field(default_factory=dict)
    held_out: bool = False  # called a validation list

    def covers(self, folds: Sequence[str]) -> bool:
        """Return whether every part of every fold is there."""
        return all((fold, part) in self.files for fold in folds for part in PARTS)


@dataclass(frozen=True)
class Lists:
    """Families by preference, the lists left alone with the reason, and what was odd."""

    families: Sequence[Family]
    unused: dict[str, str]
    problems: Sequence[Problem] = ()


def find_lists(
    root: Path, texts: Iterable[str], folds: Sequence[str], official: str, own_name: str, asked: str
) -> Lists:
    """Sort the text files below a root into families: the official one first, then the most complete ones.

    `asked` is a folder, a file, or a template with {fold} and {part}; below the root or anywhere else.

    Raises: BadData if nothing is where `asked` says.
    """
    if asked:
        paths, problems = _asked_for(root, list(texts), asked)
    else:
        paths, problems = [(root / text, text) for text in texts], []
    families: dict[str, Family] = {}
    unused: dict[str, str] = {}
    for path, shown in paths:
        reason = _of_another(_below(shown, asked), own_name) if asked else _unusable(shown, own_name)
        if reason:
            unused[shown] = reason
            continue
        template, cell, held_out = classify(shown, folds)
        if cell == WHOLE and not LABELS.search(Path(shown).name):
            continue
        if cell == WHOLE or cell[0] in folds:
            family = families.setdefault(template, Family(template, held_out=held_out))
            family.files.setdefault(cell, path)
    ranked = sorted(
        families.values(),
        key=lambda f: (f.template != official, f.held_out, not f.covers(folds), WHOLE in f.files, f.template),
    )
    return Lists(ranked, unused, problems)


def classify(path: str, folds: Sequence[str]) -> tuple[str, Cell, bool]:
    """Return template, fold and part of a list, and whether it is called a validation list; WHOLE for one without a
    part.

    The file's own name tells first, then the folders from the nearest on. With one fold, it need not be named.
    """
    parts = path.split("/")
    part = fold = ""
    held_out = False
    for depth in reversed(range(len(parts))):
        name = parts[depth]

        # The part, where the name tells of one only: "Train & Test Set" names none.
        matches = list(PART.finditer(name))
        if len(matches) == 1:
            match = matches[0]
            group = 1 if match[1] else 2 if match[2] else 3
            found = "train" if group == 1 else "test"
            held_out = held_out or (not part and group == 3)
            part = part or found
            if found == part:
                name = _blank(name, match, group, "{part}")

        # The fold, by its number after a word, or as the name of a whole folder.
        number = FOLD.search(name)
        if not fold and number:
            fold = number[1]
            name = _blank(name, number, 1, "{fold}")
        elif not fold and depth < len(parts) - 1 and name in folds and len(folds) > 1:
            fold, name = name, "{fold}"
        parts[depth] = name

    # A fold that is not named: the only one, or a number of its own in the file's name.
    if not fold and len(folds) == 1:
        fold = folds[0]
    lone = [match for match in LONE.finditer(parts[-1]) if match[1] in folds]
    if part and not fold and len(lone) == 1:
        fold = lone[0][1]
        parts[-1] = _blank(
            parts[-1],
            lone[0],
            1,
            "{fold}",
        )
    return "/".join(parts), (fold, part) if fold and part else WHOLE, held_out


def _blank(
    name: str,
    match: re.Match[str],
    group: int,
    instead: str,
) -> str:
    return name[: match.start(group)] + instead + name[match.end(group) :]


def _unusable(path: str, own_name: str) -> str:
    unfit = next((reason for pattern, reason in UNUSABLE.items() if pattern.search(path)), "")
    return _of_another(path, own_name) or unfit


def _of_another(path: str, own_name: str) -> str:
    """Return whether a list is of another dataset, by its path."""
    lower = path.lower()
    return "" if own_name in lower else next((f"of {name}" for name in FIELD if name in lower), "")


def _below(path: str, asked: str) -> str:
    """Return the path below a folder that was asked for; a list that was asked for by name is what it is."""
    folder = f"{Path(asked).expanduser().as_posix().rstrip('/')}/"
    return path.removeprefix(folder) if path.startswith(folder) else ""


def _asked_for(
    root: Path,
    texts: Sequence[str],
    asked: str,
) -> tuple[list[tuple[Path, str]], list[Problem]]:
    """Return the lists that the user names, which may lie outside the root: nothing but labels is taken from there."""
    pattern = re.sub(
        r"\{(fold|part)\}",
        "*",
        asked.rstrip("/"),
    )
    inside = [text for text in texts if fnmatch(text, pattern) or fnmatch(text, f"{pattern}/*")]
    if inside:
        return [(root / text, text) for text in inside], []
    place = Path(asked).expanduser()
    if place.is_absolute() and place.is_file():
        return [(place, place.name)], []
    if place.is_absolute() and place.is_dir():
        listing = list_folder(place)
        return [(place / text, relative(place / text, root)) for text in listing.texts], listing.problems
    raise BadData(
        f"no label lists at {asked!r} below {root}; give a folder, a file, or a path with {{fold}} and {{part}}, "
        "absolute if it lies elsewhere"
    )
