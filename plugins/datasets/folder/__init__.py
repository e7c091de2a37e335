"""Any clips of one's own: a tree `<class>/<clip>/*.jpg` or `<class>/<clip>.mp4`, or a CSV that lists them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from harness import BadData, ClassLabel, DatasetSpec, Fold, Inventory, Problem, Sample, hookimpl
from harness.data import FORMS, class_names, natural_key
from harness_plugins.datasets.folder.clips import FolderClip, read_clips
from harness_plugins.datasets.folder.folds import assign
from harness_plugins.datasets.folder.subjects import ASKED, grouped, offered

ORDER = [
    "happiness",
    "sadness",
    "neutral",
    *(name for name in FORMS if name not in ("happiness", "sadness")),
]


def read(root: Path, layout: str) -> Inventory:
    """Return the clips of a root, and folds as the list gives them, as they were stored, or made now and stored.

    `layout` names a list below the root, or is `.` for the tree where there are both; with `:subjects` behind it the
    subjects in the paths of clips are their groups.

    Raises: BadData for a root without classes, or with clips that no two folds can be made of.
    """
    place, _, asked = layout.partition(":")
    if asked not in ("", ASKED):
        raise BadData(f"{root}: --layout {layout}: what stands behind the colon can be {ASKED!r}, not {asked!r}")
    clips, source, problems = read_clips(root, place)
    if any(problem.level == "error" for problem in problems) and not clips:
        return Inventory({}, source, "", problems)
    names = class_names(clip.label for clip in clips)
    classes = _classes(clips, names)
    if any(problem.level == "error" for problem in problems) and len(classes) < 2:
        return Inventory({}, source, "", problems)  # which say why there is too little
    if len(classes) < 2:
        raise BadData(f"{root}: {len(classes)} class ({source}); at least two are needed")
    clips = [replace(clip, label=names[clip.label]) for clip in clips]
    if asked:
        clips, source = grouped(clips), f"{source}, with their subjects as groups"
    folds, said, more, keep = assign(root, clips)
    labels = {label.name: i for i, label in enumerate(classes)}
    base = root.absolute()
    samples = {}
    for clip in clips:
        samples[clip.id] = Sample(
            clip.id,
            base / clip.path,
            labels[clip.label],
            clip.group,
        )
    return Inventory(
        folds={
            name: Fold(
                [sample for clip, sample in samples.items() if clip in fold.train],
                [sample for clip, sample in samples.items() if clip in fold.test],
            )
            for name, fold in folds.items()
        },
        layout=f"{source}; {said}",
        crop_source="",
        problems=[*problems, *_spellings(names), *more, *offered(clips, folds, place)],
        classes=classes,
        places={c.id: (c.file, c.line) for c in clips if c.line},
        keep=keep,
    )


def load(root: Path, fold: str) -> Fold:
    """Return one fold. Raises: BadData for wrong rows, or what `read` raises."""
    return read(root, "").checked().folds[fold]


def _classes(clips: Sequence[FolderClip], names: Mapping[str, str]) -> tuple[ClassLabel, ...]:
    """Return known expressions in the order used everywhere, then the others by name."""
    words: dict[str, str] = {}
    for clip in clips:
        words.setdefault(names[clip.label], clip.label)
    order = sorted(words, key=lambda name: (ORDER.index(name) if name in ORDER else len(ORDER), natural_key(name)))
    return tuple(ClassLabel(name, words[name]) for name in order)


def _spellings(names: Mapping[str, str]) -> Iterator[Problem]:
    """Yield which words of a list are read as one class."""
    words: dict[str, list[str]] = {}
    for word, name in sorted(names.items()):
        words.setdefault(name, []).append(word)
    for name, several in words.items():
        if len(several) > 1:
            text = f"{', '.join(map(repr, several))} are one class, {name!r}"
            yield Problem("info", "one-class", text)


@hookimpl
def register_datasets() -> Iterable[DatasetSpec]:
    """Offer the dataset. Its classes and folds are those found."""
    return [DatasetSpec("folder", "1", "Folder", ".", classes=(), folds=(), load=load, read=read)]
