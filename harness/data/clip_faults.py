"""What can be wrong with one clip as a reader hands it out."""

from __future__ import annotations

import os
from math import isclose
from operator import index
from pathlib import Path
from typing import SupportsIndex

from harness.core.dataset_spec import Sample
from harness.core.text import one_line
from harness.data.paths import Below

SHOWN = 80  # characters of a value


def described(value: object) -> str:
    """Return a value of a wrong form as a sentence shows it: its type, and what it is."""
    text = one_line(repr(value))
    return f"the {type(value).__name__} {text[:SHOWN]}" if value is not None else "None"


def clip_fault(clip: object, classes: int, below: Below) -> str:
    """Return what is wrong with a clip, or nothing.

    Args: what stands in a part of a fold, how many classes there are, and the root that its source has to be below.
    """
    if not isinstance(clip, Sample):
        return f"{described(clip)} is no Sample"
    if not isinstance(clip.id, str):
        return f"the id of a clip is {described(clip.id)}; expected a text"
    if not clip.id.strip() or not (clip.id.isprintable() or _harmless(clip.id)):
        return f"{clip.id!r} is no id of a clip: it is empty, or holds control characters"
    return _label(clip, classes) or _source(clip, below) or _group(clip) or _targets(clip, classes)


def _harmless(text: str) -> bool:
    """Return whether nothing in a text that cannot be printed steers a terminal or ends a line."""
    return not any(ord(sign) < 32 or 127 <= ord(sign) < 160 or sign in "\u2028\u2029" for sign in text)


def _label(clip: Sample, classes: int) -> str:
    number = clip.label if type(clip.label) is int else _as_index(clip.label)
    if number is None:
        return f"the label of clip {clip.id} is {described(clip.label)}; expected a whole number, the index of a class"
    if not 0 <= number < classes:
        return f"the label {number} of clip {clip.id} is none of the {classes} classes, which are 0 to {classes - 1}"
    return ""


def _as_index(label: object) -> int | None:
    """Return a whole number of another type, such as numpy's; True and False are none."""
    return index(label) if isinstance(label, SupportsIndex) and not isinstance(label, bool) else None


def _source(clip: Sample, below: Below) -> str:
    source = clip.source
    if not isinstance(source, Path):
        return f"the source of clip {clip.id} is {described(source)}; expected a pathlib.Path"
    text = os.fspath(source)
    if not below.holds(source):
        return f"clip {clip.id} is at {source}, which is not below {below.root}"
    if ".." in text and ".." in source.parts:
        return f"clip {clip.id} is at {source}, which goes upwards ('..'); give the path without"
    if len(text) < len(below.start):  # with a slash at its end
        return f"clip {clip.id} is the root {source} itself; expected a folder of frames or a video below it"
    return f"the source of clip {clip.id} holds a zero byte" if "\0" in text else ""


def _group(clip: Sample) -> str:
    if isinstance(clip.group, str):
        return ""
    return f"the group of clip {clip.id} is {described(clip.group)}; expected a text, '' where it is not known"


def _targets(clip: Sample, classes: int) -> str:
    targets = clip.targets
    if targets == ():
        return ""
    try:
        fits = len(targets) == classes and min(targets) >= 0 and isclose(sum(targets), 1, abs_tol=1e-3)
    except TypeError:
        fits = False
    if fits:
        return ""
    return (
        f"the soft targets of clip {clip.id} are {targets}: expected {classes} numbers, one for each class, none "
        f"below 0, that sum to 1"
    )
