"""The clips of a tree or of a list."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from harness import BadData, Problem
from harness.data import (
    VIDEO_SUFFIXES,
    ListRow,
    bad_row,
    is_frame,
    is_prepared_list,
    is_tool_folder,
    is_video,
    read_list,
    visible,
)
from harness_plugins.datasets.folder.faceless import faceless
from harness_plugins.datasets.folder.forms import frame_list, refuse_wrong_level, shows_frame, unread_columns
from harness_plugins.datasets.folder.left_out import LeftOut, unlisted
from harness_plugins.datasets.folder.sides import side_of

STORED = "harness-folds.csv"
LISTS = frozenset({".csv", ".tsv", ".xlsx"})
DEPTH = 4  # folders between a class and its clips


@dataclass(frozen=True)
class FolderClip:
    """A clip of one's own: `path` is below the root, `file` and `line` are the list's."""

    id: str
    path: str
    label: str
    fold: str = ""
    group: str = ""
    file: str = ""
    line: int = 0


def read_clips(root: Path, layout: str) -> tuple[list[FolderClip], str, list[Problem]]:
    """Return clips in order of their ids, where they were read from, and what was odd.
    Raises: BadData if there are none.
    """
    lists = sorted(path.name for path in root.iterdir() if _is_list(path))
    if layout and layout != ".":
        if not (root / layout).is_file() or ".." in PurePosixPath(layout).parts or Path(layout).is_absolute():
            raise BadData(f"{root}: no list {layout!r}; there are {', '.join(lists) or 'none'}")
        lists = [layout]
    if lists and layout != ".":
        if len(lists) > 1:
            raise BadData(f"{root} holds several lists ({', '.join(lists)}); choose one: --layout {lists[0]}")
        clips, problems = _listed(root, root / lists[0])
        source = f"list {lists[0]}"
    else:
        clips, problems = _tree(root)
        source = "folders of classes"
        if not clips:
            raise BadData(f"{root}: no clips; expected <class>/<clip>/*.jpg, <class>/<clip>.mp4, or a CSV `clip,label`")
    return clips, source, [*problems, *faceless(root)]


def _is_list(path: Path) -> bool:
    """Return whether a file lists clips; folds that were stored and what `data prepare` writes do not."""
    if path.name.startswith((".", "~$")):  # of macOS, and an open workbook's
        return False
    if path.suffix.lower() not in LISTS or path.name == STORED or not path.is_file():
        return False
    return not is_prepared_list(path)


def _listed(root: Path, file: Path) -> tuple[list[FolderClip], list[Problem]]:
    found = read_list(file)
    if frames := frame_list(found):
        return [], [bad_row(frames)]
    problems = [*map(bad_row, found.bad), *unread_columns(file, found)]
    clips: dict[str, FolderClip] = {}
    for row in found.rows:
        reason = _fault(row, clips)
        if reason:
            problems.append(bad_row(row.error(reason)))
            continue
        path = PurePosixPath(row.clip.replace("\\", "/")).as_posix()
        place = _place(root, path)
        clip = FolderClip(
            _stem(path),
            place,
            row.label,
            row.fold,
            row.group,
            str(file),
            row.line,
        )
        clips[clip.id] = clip
    problems += unlisted(root, [clip.path for clip in clips.values()])
    return [clips[name] for name in sorted(clips)], problems


def _fault(row: ListRow, seen: dict[str, FolderClip]) -> str:
    """Return why a row cannot be used."""
    path = PurePosixPath(row.clip.replace("\\", "/"))
    outside = ".." in path.parts or path.is_absolute() or ":" in row.clip.partition("/")[0]
    if not row.clip or outside or not row.clip.isprintable():
        return f"clip {row.clip!r} is not a plain path below the list's folder"
    if shows_frame(path.name):
        return f"{row.clip!r} is a frame; a clip is a folder of frames or a video"
    if not row.label:
        return f"clip {row.clip!r} has no label"
    if odd := next((text for text in (row.label, row.fold, row.group) if not text.isprintable()), ""):
        return f"{odd!r} cannot be printed"
    first = seen.get(_stem(path.as_posix()))
    return f"duplicate clip {row.clip!r}, first in line {first.line}" if first else ""


def _place(root: Path, path: str) -> str:
    """Return the path of a clip; one written without its suffix may be a video, and a video may be a folder by now."""
    here = os.path.join(root, path)  # noqa: PTH118 (unlike a path object it takes a name that is too long)
    if os.path.exists(here):  # noqa: PTH110
        return path
    if is_video(path):  # of which `data prepare` has made a folder of crops, perhaps
        if os.path.isdir(os.path.join(root, _stem(path))):  # noqa: PTH112, PTH118
            return _stem(path)
        return _spelt_on_disk(root, path)
    found = next((suffix for suffix in sorted(VIDEO_SUFFIXES) if os.path.isfile(here + suffix)), "")  # noqa: PTH113
    return path + found if found else _spelt_on_disk(root, path)


def _spelt_on_disk(root: Path, path: str) -> str:
    """Return a path in the Unicode form that a disk has it in: a list may compose what a disk does not."""
    for form in ("NFC", "NFD"):
        other = unicodedata.normalize(form, path)
        if other != path and (root / other).exists():
            return other
    return path


def _tree(root: Path) -> tuple[list[FolderClip], list[Problem]]:
    problems: list[Problem] = []
    classes = [name for name, is_folder in _entries(root, root, problems) if is_folder]
    if parts := [name for name in classes if side_of(name) in ("train", "test")]:
        raise BadData(f"{root} holds {', '.join(parts)} and no classes; list the clips in a CSV `clip,label,fold`")
    left = LeftOut(root)
    clips: dict[str, FolderClip] = {}
    for label in classes:
        before = len(clips)
        for path, is_folder in _below(root, label, problems, left):
            clip = FolderClip(
                visible(path if is_folder else _stem(path)),
                path,
                visible(label),
            )
            if clip.id in clips:
                text = f"{path} and {clips[clip.id].path} are one clip by their names; the latter is read"
                problems.append(Problem("warning", "same-clip", text, path))
            clips.setdefault(clip.id, clip)
        if len(clips) == before:
            problems.append(Problem("warning", "empty-class", f"class {label!r} has no clips and is left out", label))
    left.look_at("", _names(root))
    refuse_wrong_level(root, [clip.path for clip in clips.values()])
    return [clips[name] for name in sorted(clips)], [*problems, *left.problems()]


def _names(folder: Path) -> list[str]:
    return [entry.name for entry in folder.iterdir() if not entry.is_dir()]


def _below(
    root: Path,
    path: str,
    problems: list[Problem],
    left: LeftOut,
    depth: int = 1,
) -> Iterator[tuple[str, bool]]:
    """Yield paths of the clips in a folder, and whether each is a folder; through folders in between, such as subjects.

    Raises: BadData for images that lie where clips should.
    """
    entries = list(_entries(root, root / path, problems))
    if any(is_frame(name) for name, is_folder in entries if not is_folder):
        raise BadData(
            f"{root / path} holds images; a clip is a folder of them or a video. Is {root} one level too low?"
        )
    left.look_at(path, [name for name, is_folder in entries if not is_folder])
    for name, is_folder in entries:
        inner = f"{path}/{name}"
        if is_folder and depth < DEPTH and _holds_clips(root / inner):
            yield from _below(root, inner, problems, left, depth + 1)
        elif is_folder or is_video(name):
            yield inner, is_folder


def _holds_clips(folder: Path) -> bool:
    """Return whether a folder is no clip itself: it holds folders or videos, and no frame."""
    found = False
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if is_frame(entry.name):
                    return False
                found = found or is_video(entry.name) or (not is_tool_folder(entry.name) and entry.is_dir())
    except OSError:  # told when its frames are counted
        return False
    return found


def _entries(
    root: Path,
    folder: Path,
    problems: list[Problem],
) -> Iterator[tuple[str, bool]]:
    """Return names in a folder and whether each is a folder, folders first.
    Links are followed, loops left out and told.
    """
    found: list[tuple[str, bool]] = []
    above = [folder, *folder.parents[: len(folder.relative_to(root).parts)]]
    try:
        with os.scandir(folder) as entries:
            for entry in sorted(entries, key=lambda e: e.name):
                where = Path(entry.path).relative_to(root).as_posix()
                if is_tool_folder(entry.name):
                    continue
                if not _is_text(entry.name):
                    problems.append(Problem("error", "odd-name", f"{where!r} cannot be printed; rename it"))
                elif _loops(entry, above):
                    problems.append(Problem("warning", "link-loop", f"{where} leads back to a folder above it", where))
                elif entry.is_dir() or entry.is_file():
                    found.append((entry.name, entry.is_dir()))
                else:  # a link that leads nowhere, a pipe
                    text = f"{where} is neither a folder nor a file and is left out"
                    problems.append(Problem("warning", "no-clip", text, where))
    except OSError as error:
        text = f"cannot list {folder} ({error.strerror})"
        problems.append(Problem("error", "unreadable-folder", text, str(folder)))
    return iter(sorted(found, key=lambda item: not item[1]))


def _is_text(name: str) -> bool:
    """Return whether a name holds no control character; bytes that are not UTF-8 are letters of another coding."""
    return os.fsencode(name).decode("utf-8", "replace").isprintable()


def _loops(entry: os.DirEntry[str], above: Sequence[Path]) -> bool:
    if not entry.is_symlink():
        return False
    try:
        return any(Path(entry.path).samefile(folder) for folder in above)
    except FileNotFoundError:
        return False
    except OSError:  # a link that leads to itself
        return True


def _stem(path: str) -> str:
    return path.rpartition(".")[0] if is_video(path.rpartition("/")[2]) else path
