"""A bounded look at what lies below a root: folders, videos and label lists, but not the frames."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from harness.core.dataset_spec import Problem
from harness.core.errors import BadData
from harness.data.excel import SUFFIX
from harness.video.files import is_tool_folder, is_video

DEPTH = 7  # folders between the root and a label list
MANY = 400  # a folder with more folders holds clips; they are not entered
FOLDERS = 30_000  # entered in all; a root with more is a wrong one
TEXTS = frozenset({".csv", ".tsv", ".txt", SUFFIX})


@dataclass(frozen=True)
class Folder:
    """The names in one folder, hidden ones left out."""

    folders: tuple[str, ...]
    videos: tuple[str, ...]
    texts: tuple[str, ...]


@dataclass
class Listing:
    """Relative path -> folder, and what was odd on the way."""

    root: Path
    folders: dict[str, Folder] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    @property
    def texts(self) -> list[str]:
        """Relative paths of all text files, in order."""
        return sorted(join(path, name) for path, folder in self.folders.items() for name in folder.texts)


def join(folder: str, name: str) -> str:
    """Return `folder/name`, where the root is the empty folder."""
    return f"{folder}/{name}" if folder else name


def list_folder(root: Path) -> Listing:
    """List a root. Folders of clips (named by a number, or too many) are named and not entered; links are followed.

    Raises: BadData if there are far more folders than any dataset has.
    """
    listing = Listing(root)
    todo: list[tuple[str, tuple[tuple[int, int], ...]]] = [("", ())]
    while todo:
        path, above = todo.pop()
        if len(listing.folders) > FOLDERS:
            raise BadData(f"{root}: more than {FOLDERS:,} folders; is this the folder of one dataset?")
        here = _identity(root / path)
        if here in above:
            listing.problems.append(Problem("warning", "link-loop", f"{path} leads back to a folder above it", path))
            continue
        folder = _list(listing, path)
        listing.folders[path] = folder
        if path.count("/") < DEPTH - 1 and len(folder.folders) <= MANY:
            todo += [(join(path, name), (*above, here)) for name in folder.folders if not name.isdecimal()]
    return listing


def numbered(folder: Folder) -> Iterator[str]:
    """Yield names of clips in a folder: folders first, then videos, whose stem is a number."""
    yield from (name for name in folder.folders if is_number(name))
    yield from (name for name in folder.videos if is_number(name.rpartition(".")[0]))


def is_number(name: str) -> bool:
    """Return whether a name is one that numbers a clip; a date and time is too long."""
    return name.isascii() and name.isdecimal() and len(name) <= 9


def spelt(folders: Mapping[str, Folder], path: str) -> str | None:
    """Return the path as it is written on disk, whatever its case."""
    lower = path.strip("/").lower()
    return next((known for known in sorted(folders) if known.lower() == lower), None)


def _identity(path: Path) -> tuple[int, int]:
    try:
        status = path.stat()
    except OSError:
        return (0, 0)
    return (status.st_dev, status.st_ino)


def _list(listing: Listing, path: str) -> Folder:
    folders, videos, texts = [], [], []
    try:
        with os.scandir(listing.root / path) as entries:
            for entry in entries:
                if is_tool_folder(entry.name):
                    continue
                kind = _kind(entry, listing, path)
                if kind == "folder":
                    folders.append(entry.name)
                elif kind == "file" and is_video(entry.name):
                    videos.append(entry.name)
                elif kind == "file" and PurePath(entry.name).suffix.lower() in TEXTS:
                    texts.append(entry.name)
    except OSError as error:
        reason = f"cannot list {path or listing.root} ({error.strerror})"
        listing.problems.append(Problem("warning", "unreadable-folder", reason, path))
    return Folder(
        tuple(sorted(folders)),
        tuple(sorted(videos)),
        tuple(sorted(texts)),
    )


def _kind(
    entry: os.DirEntry[str],
    listing: Listing,
    path: str,
) -> str:
    """Return `folder`, `file`, or nothing for a pipe, a broken link and the like; links count as what they lead to."""
    try:
        return "folder" if entry.is_dir() else "file" if entry.is_file() else ""
    except OSError as error:  # a link that leads to itself
        where = join(path, entry.name)
        listing.problems.append(Problem("warning", "link-loop", f"{where}: {error.strerror}", where))
        return ""
