"""Lists and trees of another form than the one that is read, recognised for what they are."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from harness import BadData, Problem
from harness.data import FORMS, BadRow, ClipList, class_names, is_frame, unread_suffix

EXPRESSIONS = {*FORMS, "neutral"}
TELLING = re.compile("split|fold|part|set|phase|usage|train|test|val|subject|person|actor|speaker|group|film|movie")

KNOWN = "clip, label, fold and group"


def shows_frame(name: str) -> bool:
    """Return whether a file name is that of one image."""
    return is_frame(name) or unread_suffix(name) in {".bmp", ".webp", ".tif", ".tiff", ".jfif"}


def frame_list(found: ClipList) -> BadRow | None:
    """Return what is wrong with a list that has a row a frame, as loaders of images use them."""
    frames = [row for row in found.rows if shows_frame(row.clip)]
    if 2 * len(frames) <= len(found.rows):
        return None
    first = PurePosixPath(frames[0].clip.replace("\\", "/"))
    folders = {row.clip.replace("\\", "/").rpartition("/")[0] for row in frames}
    if folders == {""}:
        fix = "give each clip a folder of its frames, and list the folders"
    else:
        fix = f"list each folder once: {first.parent},{frames[0].label}"
    return frames[0].error(
        f"a list of frames and not of clips: {len(frames):,} rows name images, in {len(folders):,} folders; {fix}"
    )


def unread_columns(file: Path, found: ClipList) -> Iterator[Problem]:
    """Yield which columns of a list are not read; gravely where one seems to say what is trained on and tested."""
    if found.unread:
        names = ", ".join(map(repr, found.unread))
        telling = any(TELLING.search(name.lower()) for name in found.unread)
        text = f"columns {names} are not read; known are {KNOWN}, and some other words for them"
        yield Problem("warning" if telling else "info", "unread-columns", text, file.name)


def refuse_wrong_level(root: Path, paths: Sequence[str]) -> None:
    """Look whether the folders in the root are the classes, by the words that are known. Raises: BadData if not."""
    tops = {path.split("/")[0] for path in paths}
    if any(_is_expression(name) for name in tops):
        return
    seconds: Counter[str] = Counter(path.split("/")[1] for path in paths if path.count("/") > 1)
    words = sorted(name for name in seconds if _is_expression(name))
    if len(words) > 1 and 2 * sum(seconds[word] for word in words) >= len(paths):
        first = next(path.split("/")[0] for path in sorted(paths) if path.split("/")[1] in words)
        remedy = f"is {root / first} the root?" if len(tops) == 1 else "list the clips in a CSV `clip,label,group`"
        raise BadData(
            f"{root} is one level too high: its folders are {', '.join(sorted(tops)[:5])}, and {', '.join(words[:3])} "
            f"lie below, as in {first}/{words[0]}; {remedy}"
        )
    if len(tops) == 1:
        below = sorted({path.split("/")[1] for path in paths})
        raise BadData(
            f"{root}: 1 class (folders of classes); at least two are needed. Its one folder {next(iter(tops))} holds "
            f"{', '.join(below[:3])}: if those are the classes, the root is {root / next(iter(tops))}"
        )


def _is_expression(name: str) -> bool:
    return class_names([name])[name] in EXPRESSIONS
