"""Folds for clips of one's own: given by the list, or stored, or made once by scikit-learn and stored."""

from __future__ import annotations

import csv
import hashlib
import os
import warnings
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from harness import BadData, Problem
from harness.data import class_names, config_file, natural_key, write_atomically
from harness_plugins.datasets.folder.clips import STORED, FolderClip
from harness_plugins.datasets.folder.sides import side_of

FOLDS = 5
REMEDY = "remove the file to have new folds made"
Keep = Callable[[], None]
COLUMNS = ("clip", "label", "fold", "group")


@dataclass(frozen=True)
class Split:
    """Ids of the clips of a fold."""

    train: frozenset[str]
    test: frozenset[str]


def assign(root: Path, clips: Sequence[FolderClip]) -> tuple[dict[str, Split], str, list[Problem], Keep | None]:
    """Return the folds, where they come from, what is wrong with them, and what stores those that were made now.

    Raises: BadData if no two folds can be made.
    """
    problems: list[Problem] = []
    keep: Keep | None = None
    if any(clip.fold for clip in clips):
        for clip in clips:
            if not clip.fold:
                problems.append(Problem("error", "bad-annotation", f"clip {clip.id} has no fold", clip.file, clip.line))
        tested, said = {clip.id: clip.fold for clip in clips if clip.fold}, "folds of the list"
    else:
        file = _stored(root)
        if file.is_file():
            tested, problems = _read(file, clips)
            said = f"folds of {file.name}"
        else:
            tested, problems = make(clips)
            said = f"folds made now, which a run stores in {file}"
            keep = partial(_write, root, clips, tested)
    folds, more = _splits(tested, clips)
    return folds, said, [*problems, *more], keep


def make(clips: Sequence[FolderClip]) -> tuple[dict[str, str], list[Problem]]:
    """Return the fold that tests each clip: stratified, and no group in two folds where groups are known.

    Without groups, folds are blocks of neighbouring clips of each class, since neighbours may share a film.
    """
    from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

    ordered = sorted(clips, key=lambda clip: natural_key(clip.id))
    labels, groups = [clip.label for clip in ordered], [clip.group for clip in ordered]
    grouped = any(groups)
    missing = [clip for clip in ordered if grouped and not clip.group]
    if missing:
        raise BadData(f"{missing[0].file}:{missing[0].line}: clip {missing[0].id} has no group, while others have one")
    units = len(set(groups)) if grouped else max(Counter(labels).values())
    if min(units, len(ordered)) < 2:
        what = "all clips are of one group" if grouped else "no class has two clips"
        raise BadData(f"no two folds can be made: {what}")
    splitter = (StratifiedGroupKFold if grouped else StratifiedKFold)(min(FOLDS, units))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # told below, with names
        parts = [test for _, test in splitter.split(ordered, labels, groups if grouped else None)]
    tested = {ordered[i].id: str(k) for k, part in enumerate(parts, start=1) for i in part}
    few = [name for name, count in sorted(Counter(labels).items()) if count < len(parts)]
    text = f"fewer clips than the {len(parts)} folds: {', '.join(few)}; some folds test none of them"
    return tested, [Problem("warning", "rare-classes", text)] if few else []


def _splits(tested: Mapping[str, str], clips: Sequence[FolderClip]) -> tuple[dict[str, Split], list[Problem]]:
    names = sorted(set(tested.values()), key=natural_key)
    known = {clip.id for clip in clips} & tested.keys()
    sides = {name: side_of(name) for name in names}
    if any(side in ("train", "test") for side in sides.values()):
        return _sides({clip: sides[tested[clip]] for clip in known}, {name for name in names if not sides[name]})
    if len(names) < 2:
        raise BadData(
            f"folds are {', '.join(names)}; give the fold that tests each clip (two or more), or train and test"
        )
    tests = {name: frozenset(clip for clip in known if tested[clip] == name) for name in names}
    return {name: Split(frozenset(known - test), test) for name, test in tests.items()}, []


def _sides(parts: Mapping[str, str], others: set[str]) -> tuple[dict[str, Split], list[Problem]]:
    """Return the one fold of a list that names parts; clips for validation are tested only where nothing else is.

    Raises: BadData for a part that is none of train, test and val, or if there is nothing to train on or to test.
    """
    if others:
        raise BadData(f"folds are train or test, but also {', '.join(sorted(others))}; write train, test or val")
    clips = {side: frozenset(clip for clip, of in parts.items() if of == side) for side in ("train", "test", "val")}
    tested = clips["test"] or clips["val"]
    if not (clips["train"] and tested):
        there = ", ".join(side for side in clips if clips[side])
        raise BadData(f"folds are {there}; give the fold that tests each clip (two or more), or train and test")
    problems = []
    if clips["val"]:
        what = "are neither trained on nor tested" if clips["test"] else "are tested, since there is no test part"
        text = f"{len(clips['val']):,} clips of the validation part {what}"
        problems.append(Problem("warning", "validation-part", text))
    return {"1": Split(clips["train"], tested)}, problems


def _stored(root: Path) -> Path:
    """Return where folds of a root are kept: in it, or beside the configuration where it cannot be written."""
    here = root / STORED
    name = hashlib.sha256(os.fsencode(root.resolve())).hexdigest()[:16]
    aside = config_file().parent / "folds" / f"{name}.csv"
    return aside if not here.is_file() and (aside.is_file() or not os.access(root, os.W_OK)) else here


def _write(
    root: Path,
    clips: Sequence[FolderClip],
    tested: Mapping[str, str],
) -> None:
    file = _stored(root)

    def write(draft: Path) -> None:
        with draft.open("w", encoding="utf-8", newline="") as target:
            rows = csv.writer(target, lineterminator="\n")
            rows.writerow(COLUMNS)
            rows.writerows((clip.id, clip.label, tested[clip.id], clip.group) for clip in clips)

    write_atomically(file, write)


def _read(file: Path, clips: Sequence[FolderClip]) -> tuple[dict[str, str], list[Problem]]:
    """Return the stored folds, and every way in which the clips are no longer those they were made for."""
    try:
        with file.open(encoding="utf-8", newline="") as source:
            rows = {row["clip"]: (row["label"], row["fold"], row["group"]) for row in csv.DictReader(source)}
    except (KeyError, csv.Error, UnicodeDecodeError) as error:
        raise BadData(f"{file}: not as it was written ({error}); remove it to have new folds made") from error
    now = {clip.id: clip for clip in clips}
    names = class_names([*(clip.label for clip in clips), *(label for label, _, _ in rows.values())])
    new = sorted(now.keys() - rows.keys())
    gone = sorted(rows.keys() - now.keys())
    changed = []
    for clip in sorted(now.keys() & rows.keys()):
        label, _, group = rows[clip][:3]
        if (names[now[clip].label], now[clip].group) != (names[label], group):
            changed.append(clip)
    kinds = (
        (new, "are not in the stored folds and so not used"),
        (gone, "of the stored folds are no longer there"),
        (changed, "have another label or group than when the folds were made"),
    )
    problems = [
        Problem("error", "folds-differ", f"{len(ids)} clips {what}, e.g. {ids[0]}; {REMEDY}", str(file))
        for ids, what in kinds
        if ids
    ]
    return {clip: rows[clip][1] for clip in now if clip in rows}, problems
