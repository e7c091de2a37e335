"""Subjects that stand in the paths of clips: `happy/subject01/clip`, `happy/S012_003`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from harness import BadData, Problem
from harness_plugins.datasets.folder.clips import FolderClip
from harness_plugins.datasets.folder.folds import Split

ASKED = "subjects"  # in a layout, as `.:subjects`
WORDS = "subject|subj|sub|actor|person|participant|speaker|identity|id|s|p"
FOLDER = re.compile(rf"(?:{WORDS})[-_ ]?\d+", re.IGNORECASE)  # the whole name of a folder between class and clip
START = re.compile(rf"((?:{WORDS})[-_]?\d{{2,}})[-_ .]", re.IGNORECASE)  # how the name of a clip begins
SHOWN = 3


def subjects_of(clips: Sequence[FolderClip]) -> dict[str, str]:
    """Return the subject of each clip that names one; nothing where they would tell no clips from each other.

    Some clip has to share its subject with another, or the numbers are of clips.
    """
    found = {clip.id: name for clip in clips if (name := _subject(clip.path))}
    names = set(found.values())
    return found if 2 <= len(names) < len(found) and 2 * len(found) >= len(clips) else {}


def _subject(path: str) -> str:
    *folders, name = path.split("/")
    for folder in folders:
        if FOLDER.fullmatch(folder):
            return folder.lower()
    start = START.match(name)
    return start[1].lower() if start else ""


def grouped(clips: Sequence[FolderClip]) -> list[FolderClip]:
    """Return the clips with their subjects as groups; one that names none is a group of its own.

    Raises: BadData if the paths name no subjects.
    """
    subjects = subjects_of(clips)
    if not subjects:
        raise BadData(f"--layout …:{ASKED}: the paths of the clips name no subjects, as subject01/… or S012_003 do")
    return [replace(clip, group=subjects.get(clip.id, clip.id)) for clip in clips]


def offered(clips: Sequence[FolderClip], folds: Mapping[str, Split], layout: str) -> list[Problem]:
    """Offer the subjects as groups where clips have none, and say which of them a split shares."""
    subjects = {} if any(clip.group for clip in clips) else subjects_of(clips)
    if not subjects:
        return []
    shared: set[str] = set()
    for fold in folds.values():
        sides = ({subjects[clip] for clip in side if clip in subjects} for side in (fold.train, fold.test))
        shared |= set.intersection(*sides)
    names = sorted(set(subjects.values()))
    text = f"the paths name {len(names)} subjects ({', '.join(names[:SHOWN])}{', …' if len(names) > SHOWN else ''})"
    if not shared:
        return [Problem("info", "subjects-in-paths", f"{text}; no fold shares one between train and test")]
    text += f", and train and test of a fold share {len(shared)} of them: results are of known people. "
    return [Problem("warning", "shared-subjects", f"{text}--layout {layout or '.'}:{ASKED} keeps a subject together")]
