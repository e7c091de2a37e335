"""What lies below a root and is not read: counted and named, so that nothing is missing without a word."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path, PurePosixPath

from harness import Problem
from harness.data import is_frame, is_tool_folder, is_video, unread_suffix

NAMED = 3


class LeftOut:
    """The files of a tree that are neither clips nor frames, and the clips and frames that lie where none belong."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.suffixes: Counter[str] = Counter()
        self.unread: list[str] = []
        self.loose: list[str] = []

    def look_at(self, folder: str, names: Iterable[str]) -> None:
        """Take the files of a folder, "" for the root itself, where neither videos nor frames have a class."""
        for name in names:
            path = f"{folder}/{name}" if folder else name
            if suffix := unread_suffix(name):
                self.suffixes[suffix] += 1
                self.unread.append(path)
            elif not folder and (is_video(name) or is_frame(name)):
                self.loose.append(path)

    def problems(self) -> Iterator[Problem]:
        """Yield what was found."""
        if self.unread:
            kinds = ", ".join(f"{count} {suffix}" for suffix, count in self.suffixes.most_common())
            text = (
                f"{len(self.unread):,} files are not read ({kinds}), e.g. {_few(self.unread)}; convert or remove them"
            )
            yield Problem("warning", "unread-clips", text)
        if self.loose:
            text = f"{len(self.loose):,} videos or images lie in no class and are left out, e.g. {_few(self.loose)}"
            yield Problem("warning", "unread-clips", text)


def unlisted(root: Path, listed: Sequence[str]) -> Iterator[Problem]:
    """Yield how many clips lie beside those of a list and are not in it."""
    known = {os.path.normpath(path) for path in listed}
    folders = {os.path.dirname(path) for path in known}  # noqa: PTH120 (of every clip)
    above = {parent.as_posix() for folder in folders for parent in PurePosixPath(folder, "x").parents}
    left = []
    for folder in sorted(folders):
        with suppress(OSError), os.scandir(root / folder) as entries:
            for entry in entries:
                path = f"{folder}/{entry.name}" if folder else entry.name
                if path not in known and path not in above and _is_clip(entry):
                    left.append(path)
    if left:
        text = f"{len(left):,} clips beside those of the list are not in it and not used, e.g. {_few(sorted(left))}"
        yield Problem("info", "unlisted-clips", text)


def _is_clip(entry: os.DirEntry[str]) -> bool:
    if entry.is_dir():
        return not is_tool_folder(entry.name)
    return is_video(entry.name) or bool(unread_suffix(entry.name))


def _few(names: Sequence[str]) -> str:
    return ", ".join(names[:NAMED])
