"""Complete a set of folds where lists are missing, by the rule that the official split follows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence

from harness.data.layouts.lists import PARTS, Cell
from harness.data.splits import five_chunks, scene_fifths

Labels = Mapping[str, int]  # clip id -> class
Rule = Callable[[Labels], Mapping[str, Collection[str]]]  # labels of all clips -> test clips of each fold


def five_folds(labels: Labels) -> dict[str, Collection[str]]:
    """Apply the rule of DFEW and MAFW: see `harness.data.splits.five_chunks`."""
    ids: dict[int, list[str]] = defaultdict(list)
    for clip, label in labels.items():
        ids[label].append(clip)
    return {str(k): part for k, part in enumerate(five_chunks(ids), start=1)}


def first_fifths(labels: Labels) -> dict[str, Collection[str]]:
    """Apply the rule of FERV39k: see `harness.data.splits.scene_fifths`."""
    return {"1": scene_fifths(labels)[1]}


def all_labels(
    parts: Mapping[Cell, Labels],
    folds: Sequence[str],
    known: Labels | None,
) -> Labels | None:
    """Return the labels of all clips, if some fold is whole, all test parts are there, or they are known otherwise."""
    if known is not None:
        return known
    for fold in folds:
        if {(fold, "train"), (fold, "test")} <= parts.keys():
            return {**parts[fold, "train"], **parts[fold, "test"]}
    if len(folds) > 1 and all((fold, "test") in parts for fold in folds):
        return {clip: label for fold in folds for clip, label in parts[fold, "test"].items()}
    return None


def complete(
    parts: Mapping[Cell, Labels], labels: Labels, folds: Sequence[str], rule: Rule
) -> tuple[dict[Cell, Labels], list[str]]:
    """Return every part of every fold, and the folds of which one was missing.

    A missing part is what the fold's other part leaves; where both are missing, the rule says.
    """
    whole: dict[Cell, Labels] = dict(parts)
    derived = [fold for fold in folds if any((fold, part) not in parts for part in PARTS)]
    tests = rule(labels) if derived else {}
    for fold in derived:
        missing = [part for part in PARTS if (fold, part) not in parts]
        if len(missing) == 2:
            tested = set(tests[fold])
        elif missing == ["train"]:
            tested = set(parts[fold, "test"])
        else:
            tested = labels.keys() - parts[fold, "train"].keys()
        sides = {"train": False, "test": True}
        for part in missing:
            whole[fold, part] = {c: label for c, label in labels.items() if (c in tested) is sides[part]}
    return whole, derived
