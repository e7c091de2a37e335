"""Reading lists of clips and labels, in whatever form they come: one reader for all datasets.

Every mistake in a file becomes a `BadRow` that shows the file, the line and the value.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.core.dataset_spec import Problem
from harness.core.errors import BadData
from harness.data.excel import SUFFIX, workbook_lines

LARGEST = 64_000_000  # bytes; the longest official list has three million
LONGEST = 1000  # characters of a field that is looked at; paths of clips are far shorter
ROLES = {  # what a header may call each column
    "clip": "clip clip_id clip_name file file_name filename id name path video video_id video_name video_path",
    "label": "annotation category class emotion expression gt label labels single_label target",
    "frames": "frame_num frames n_frames nframes num_frames",
    "fold": "fold partition phase set split subset usage",
    "group": "actor film group identity movie participant person person_id speaker speaker_id subject subject_id",
}
WHOLE = re.compile(r"^(-?[0-9]+)\.0+$")  # a whole number as spreadsheets and pandas write it: "2.0"
SEPARATOR = re.compile(r"sep=.", re.IGNORECASE)  # Excel's own first line
NAMES = {name: role for role, names in ROLES.items() for name in names.split()}


class BadRow(BadData):
    """A row of an annotation file that does not fit; carries the place, so that reports can point at it."""

    def __init__(
        self,
        file: Path,
        line: int,
        reason: str,
    ) -> None:
        super().__init__(f"{file}:{line}: {reason}")
        self.file, self.line, self.reason = file, line, reason

    def __reduce__(self) -> tuple[type, tuple[Path, int, str]]:
        return type(self), (self.file, self.line, self.reason)


@dataclass(frozen=True, slots=True)
class ListRow:
    """One line of a list, and where it stands (lines count from 1). What the list does not say is empty."""

    file: Path
    line: int
    clip: str
    label: str
    frames: str = ""
    fold: str = ""
    group: str = ""

    def error(self, reason: str) -> BadRow:
        """Return the error to raise for this row."""
        return BadRow(self.file, self.line, reason)


@dataclass(frozen=True)
class ClipList:
    """The rows of one file, and those that do not fit."""

    rows: Sequence[ListRow]
    bad: Sequence[BadRow]
    header: Sequence[str] = ()  # the names of its columns, if it gives them
    unread: Sequence[str] = ()  # those of columns that are not read


def read_list(file: Path) -> ClipList:
    """Read a list of clips: comma, semicolon, tab or space between columns, with or without a header; or a workbook.

    Without a header the columns are `clip label` or `clip frames label`; a list with tabs may go on with captions.
    A UTF-8 BOM, CRLF, blank lines, quotes and spaces around fields are no mistakes.

    Raises: BadRow for a file that is no text or lists nothing, or whose header lacks a column; BadData for a file
    that cannot be read. A wrong row among others is no reason to raise: it is in `bad`.
    """
    lines = workbook_lines(file) if file.suffix.lower() == SUFFIX else _text_lines(file)
    if lines and SEPARATOR.fullmatch(lines[0][1]):
        lines = lines[1:]
    if not lines:
        raise BadRow(file, 1, "the file lists no clips; is the copy complete?")
    split = _splitter(lines[0][1])
    columns = _header(file, lines[0], split)
    header = tuple(split(lines[0][1])) if columns else ()
    body = lines[1:] if columns else lines
    if not body:
        raise BadRow(file, lines[0][0], "the file lists no clips below its header; is the copy complete?")
    rows, bad = [], []
    width = len(columns)
    for n, text in body:
        try:
            fields = split(text)
            if not any(fields):  # as spreadsheets write rows that were emptied
                continue
            if not width:  # the first row decides what a list without header looks like
                columns = _columns(fields, captions="\t" in text)
                width = len(fields)
            captioned = "\t" in text and width > len(columns)
            if len(fields) != width and not (captioned and len(fields) >= len(columns)):
                shown = ", ".join(name or "?" for name in columns)
                raise ValueError(f"expected {width} columns ({shown}), found {len(fields)}: {text[:80]!r}")
            found = {role: _plain(role, field) for role, field in zip(columns, fields, strict=False) if role}
            if longest := max((field for field in found.values() if len(field) > LONGEST), default=""):
                raise ValueError(f"a field of {len(longest):,} characters: {longest[:40]!r} and so on")
            rows.append(ListRow(file, n, **found))
        except (ValueError, csv.Error) as error:
            bad.append(BadRow(file, n, str(error)))
    if not rows and not bad:
        raise BadRow(file, lines[0][0], "the file holds empty rows only; is the copy complete?")
    unread = [name for name, role in zip(header, columns, strict=False) if name and not role] if header else []
    return ClipList(rows, bad, header, unread)


def _plain(role: str, field: str) -> str:
    """Return what a field says: whole numbers that spreadsheets write as "2.0" are "2", but for the names of clips."""
    return WHOLE.sub(r"\1", field) if ".0" in field and role != "clip" else field


def _text_lines(file: Path) -> list[tuple[int, str]]:
    """Return lines that hold anything, and their numbers. A tab in front of others is an empty field:
    a nameless index.
    """
    lines = []
    for n, text in enumerate(_read_text(file).split("\n"), start=1):
        if stripped := text.strip():
            lines.append((n, f"\t{stripped}" if text[0] == "\t" and "\t" in stripped else stripped))
    return lines


def _read_text(file: Path) -> str:
    try:
        if file.stat().st_size > LARGEST:
            raise BadData(f"{file}: {file.stat().st_size:,} bytes are no list of clips")
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise BadRow(file, line, f"byte {error.object[error.start]:#04x} is not UTF-8; save it as UTF-8") from error
    except OSError as error:
        raise BadData(f"{file}: cannot be read: {error.strerror}") from error
    if "\0" in text:
        raise BadRow(
            file,
            text[: text.index("\0")].count("\n") + 1,
            "not a text file (it holds a zero byte)",
        )
    return text


def _splitter(first: str) -> Callable[[str], list[str]]:
    """Return how the fields of a line are told apart, judged by the first one."""
    if "\t" in first:
        return _tabbed
    for delimiter in ",;":
        if delimiter in first and "/" not in first.rpartition(delimiter)[2]:
            return lambda text: _csv_fields(text, delimiter)
    return _spaced


def _tabbed(text: str) -> list[str]:
    """Return fields between tabs. Quotes come off a field that both begins and ends with them,
    since captions hold some.
    """
    fields = [field.strip() for field in text.split("\t")]
    return [_unquoted(field) for field in fields]


def _unquoted(field: str) -> str:
    quoted = len(field) > 1 and field[0] == field[-1] == '"'
    return field[1:-1].strip() if quoted else field


def _csv_fields(text: str, delimiter: str) -> list[str]:
    try:
        (fields,) = csv.reader(
            [text],
            delimiter=delimiter,
            skipinitialspace=True,
            strict=True,
        )
    except csv.Error as error:
        raise ValueError(f"broken quotes ({error}): {text[:80]!r}") from error
    return [field.strip() for field in fields]


def _spaced(text: str) -> list[str]:
    """Return `clip label` or `clip frames label`; a path may hold spaces, since people's folders do."""
    if text.startswith('"'):
        return _csv_fields(text, " ")
    words = text.rsplit(maxsplit=2)
    if len(words) == 3 and words[1].isdecimal():
        return words
    return words if NAMES.keys() >= {word.lower() for word in words} else text.rsplit(maxsplit=1)


def _header(
    file: Path,
    first: tuple[int, str],
    split: Callable[[str], list[str]],
) -> list[str]:
    """Return the role of each column, or nothing if the first line is no header."""
    try:
        names = [field.strip().lower() for field in split(first[1])]
    except ValueError:
        return []
    columns = [NAMES.get(name, "") for name in names]
    if "clip" not in columns:  # DFEW's table of votes calls the number of a clip so
        columns = ["clip" if name == "order" else role for name, role in zip(names, columns, strict=True)]
    if "label" not in columns or "clip" not in columns:
        return []
    for role in ROLES:
        if columns.count(role) > 1:
            raise BadRow(file, first[0], f"two columns of the header name the {role}: {first[1]!r}")
    return columns


def _columns(fields: Sequence[str], *, captions: bool) -> list[str]:
    if len(fields) == 2 or (captions and len(fields) > 2 and not fields[1].isdecimal()):
        return ["clip", "label"]
    if len(fields) == 3 and fields[1].isdecimal():
        return ["clip", "frames", "label"]
    raise ValueError(
        f"expected `clip label`, `clip frames label` or a header, found {len(fields)} columns: {str(fields)[:200]}"
    )


def bad_row(error: BadRow) -> Problem:
    """Return a wrong row of an annotation as a problem."""
    return Problem(
        "error",
        "bad-annotation",
        error.reason,
        str(error.file),
        error.line,
    )
