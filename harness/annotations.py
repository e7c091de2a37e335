"""Reading annotation files: what the built-in datasets share, so that a dataset plugin stays short.

Every mistake in a file becomes a `BadRow` that shows the file, the line and the value.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path, PurePosixPath

from harness.errors import BadData, UnknownName, suggestion
from harness.specs import ClassLabel, Fold, Sample

SHOWN = 6  # names listed when something is missing


class BadRow(BadData):
    """A row of an annotation file that does not fit; carries the place, so that reports can point at it."""

    def __init__(self, file: Path, line: int, reason: str) -> None:
        super().__init__(f"{file}:{line}: {reason}")
        self.file, self.line, self.reason = file, line, reason

    def __reduce__(self) -> tuple[type, tuple[Path, int, str]]:
        return type(self), (self.file, self.line, self.reason)


@dataclass(frozen=True, slots=True)
class Row:
    """The fields of one line of an annotation file, and where it stands (lines count from 1)."""

    file: Path
    line: int
    fields: tuple[str, ...]

    def error(self, reason: str) -> BadRow:
        """The error to raise for this row."""
        return BadRow(self.file, self.line, reason)


def read_rows(file: Path, columns: Sequence[str], *, delimiter: str | None = None, header: bool = False) -> list[Row]:
    """Return the rows of a UTF-8 text file; a BOM, CRLF, blank lines and trailing spaces are no mistakes.

    `columns` names the fields of a row, `delimiter=None` splits at white space, and `header=True` expects the
    names as the first row. Raises: BadRow for a wrong number of fields, no header, or a file without rows.
    """
    lines = enumerate(_read_text(file).split("\n"), start=1)
    rows = [Row(file, n, _split(text, delimiter)) for n, text in lines if text.strip()]
    if header and rows and rows[0].fields != tuple(columns):
        found = (delimiter or " ").join(rows[0].fields)
        raise rows[0].error(f"expected the header {(delimiter or ' ').join(columns)!r}, found {found!r}")
    rows = rows[1:] if header else rows
    for row in rows:
        if len(row.fields) != len(columns):
            names = ", ".join(columns)
            raise row.error(f"expected {len(columns)} columns ({names}), found {len(row.fields)}: {row.fields}")
    if not rows:
        raise BadRow(file, 1, "the file lists no clips; is the copy complete?")
    return rows


def _read_text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise BadRow(file, line, f"byte {error.object[error.start]:#04x} is not UTF-8; save it as UTF-8") from error
    except OSError as error:
        raise BadData(f"{file}: cannot be read: {error.strerror}") from error


def _split(text: str, delimiter: str | None) -> tuple[str, ...]:
    return tuple(field.strip() for field in text.strip().split(delimiter))


def class_by_word(row: Row, word: str, classes: Sequence[ClassLabel]) -> int:
    """Return the index of the class that the annotation writes so. Raises: BadRow with the closest word."""
    words = [c.word for c in classes]
    if word in words:
        return words.index(word)
    hint = suggestion(word, words)
    closest = f"; {hint}" if hint.startswith("did you mean") else ""
    raise row.error(f"unknown label {word!r}{closest}; valid: {', '.join(words)}")


def class_by_number(row: Row, number: str, classes: Sequence[ClassLabel]) -> int:
    """Return the index of the class with this official number. Raises: BadRow with all numbers."""
    numbers = [str(c.number) for c in classes]
    if number in numbers:
        return numbers.index(number)
    valid = ", ".join(f"{c.number} ({c.name})" for c in classes)
    raise row.error(f"unknown label {number!r}; valid: {valid}")


def numeric_id(row: Row, value: str, digits: int) -> str:
    """Return the number padded to `digits`, as clip folders are named. Raises: BadRow if it is none."""
    if not re.fullmatch("[0-9]{1,9}", value):
        raise row.error(f"clip id {value!r} is not a whole number")
    return value.lstrip("0").zfill(digits)


def below(row: Row, folder: Path, relative: str) -> Path:
    """Return `folder / relative`, absolute. Raises: BadRow if the id of a clip would lead out of the folder.

    The text alone is judged, so that clips may be symbolic links to another disk.
    """
    parts = relative.split("/")
    if {"", ".", ".."} & set(parts) or "\\" in relative or ":" in relative or not relative.isprintable():
        raise row.error(f"clip id {relative!r} is not a plain path below {folder.name}/")
    return folder.absolute() / PurePosixPath(relative)


def build_fold(train: Iterable[Row], test: Iterable[Row], parse: Callable[[Row], Sample]) -> Fold:
    """Turn rows into a fold. Raises: BadRow where an id comes for the second time, in one part or in both."""
    seen: dict[str, Row] = {}

    def collect(row: Row) -> Sample:
        sample = parse(row)
        first = seen.setdefault(sample.id, row)
        if first is not row:
            kind = "duplicate" if first.file == row.file else "train and test share"
            raise row.error(f"{kind} id {sample.id!r}, first in {first.file}:{first.line}")
        return sample

    return Fold([collect(row) for row in train], [collect(row) for row in test])


def require_fold(fold: str, folds: Sequence[str], dataset: str) -> None:
    """Raise UnknownName unless the dataset has a fold of that name."""
    if fold not in folds:
        raise UnknownName(f"{dataset} has no fold {fold!r}; {suggestion(fold, folds)}")


def find_folder(root: Path, candidates: Sequence[str], what: str) -> str:
    """Return the first of the relative paths that is a folder. Raises: BadData telling what is there."""
    return _find(root, candidates, what, Path.is_dir)


def find_file(root: Path, candidates: Sequence[str], what: str) -> str:
    """Return the first of the relative paths that is a file. Raises: BadData telling what is there."""
    return _find(root, candidates, what, Path.is_file)


def _find(root: Path, candidates: Sequence[str], what: str, exists: Callable[[Path], bool]) -> str:
    for candidate in candidates:
        if exists(root / candidate):
            return candidate
    expected = " or ".join(map(repr, candidates))
    raise BadData(
        f"{what} not found: expected {expected} below {root}; {_instead(root.absolute() / candidates[0])}. "
        "Unpack the official release so, or name the right folder with --data-root"
    )


def _instead(path: Path) -> str:
    """What stands in the deepest folder on the way to `path` that exists, nearest names first."""
    folder = next(p for p in path.parents if p.is_dir())
    wanted = path.relative_to(folder).parts[0].lower()
    names = sorted(p.name for p in folder.iterdir())
    names.sort(key=lambda name: SequenceMatcher(None, wanted, name.lower()).ratio(), reverse=True)
    shown = ", ".join(map(repr, names[:SHOWN])) or "nothing"
    return f"{folder} holds {shown}" + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")
