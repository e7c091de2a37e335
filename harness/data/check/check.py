"""Check a dataset on disk: annotations, clips, splits, and on request every frame."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from harness.core.dataset_spec import DatasetSpec, Level, Problem, Sample
from harness.core.errors import BadData
from harness.core.events import Say, say_nothing
from harness.core.text import and_more
from harness.data.check.clip_problems import clip_problems, short_clips
from harness.data.check.leaks import leak_problems
from harness.data.check.parallel import Parallel
from harness.data.check.report import PartReport, Report
from harness.data.dataset import Dataset, count_frames, read_inventory
from harness.data.doubts import by_fold
from harness.data.fold_check import BadFolds
from harness.data.splits import per_class

PARTS = ("train", "test")
LEVELS = ("error", "warning", "info")  # the gravest first
ROWS = 100  # wrong ones of a file that are named
FRAMES = 16  # what most methods of the field sample


def check(
    spec: DatasetSpec,
    root: Path,
    cache: Path,
    layout: str = "",
    *,
    frames: int = FRAMES,
    deep: Parallel | None = None,
    leaks: Parallel | None = None,
    say: Say = say_nothing,
) -> Report:
    """Look at everything that takes no decoding; `deep` decodes every frame, `leaks` looks for equal ones.

    `say` is told how far the reading of new clips is, where it takes long.

    Raises:
        BadData: there is no such folder. What is wrong inside is in the report.
    """
    # The lists; where they cannot be read there is nothing else to look at.
    if not root.is_dir():
        raise BadData(f"{spec.title}: no folder {root}")
    try:
        found = read_inventory(spec, root, layout)
    except BadData as error:
        return _unread(spec, root, error)

    # The clips, and what takes long only if it is asked for.
    dataset = count_frames(
        spec,
        root,
        found,
        cache,
        "files" if deep else "sample",
        say,
    )
    samples = list(dataset.samples.values())
    problems = [
        *found.problems,
        *split_problems(dataset),
        *empty_parts(dataset),
        *by_fold(dataset.doubts, found),
        *clip_problems(dataset, frames),
    ]
    if deep:
        problems += deep.undecodable(samples)
    if leaks:
        problems += leak_problems(dataset, leaks)
    problems += [Problem("warning", "known-overlap", text) for text in dataset.spec.overlaps]

    # The report, the gravest problems first.
    folds = []
    for name, fold in dataset.folds.items():
        for part, side in (("train", fold.train), ("test", fold.test)):
            folds.append(_part(dataset, name, part, side, frames))
    return Report(
        dataset=spec.name,
        root=str(root),
        demo=dataset.demo,
        official=not dataset.demo and bool(dataset.folds) and all(dataset.official(name) for name in dataset.folds),
        layout=found.layout,
        fingerprint=dataset.fingerprint,
        frames=_frames(samples),
        folds=folds,
        problems=sorted(_shortened(problems), key=lambda problem: LEVELS.index(problem.level)),
    )


def _unread(
    spec: DatasetSpec,
    root: Path,
    error: BadData,
) -> Report:
    """Report a dataset whose lists cannot be read, with the place of the error where it is known."""
    line = getattr(error, "line", None)
    problem = Problem(
        "error",
        "bad-annotation" if line else "nothing-to-read",
        getattr(error, "reason", str(error)),
        str(getattr(error, "file", "")),
        line,
    )
    problems = list(error.problems) if isinstance(error, BadFolds) else [problem]
    return Report(
        spec.name,
        str(root),
        demo=False,
        official=False,
        layout="",
        fingerprint="",
        problems=list(_shortened(problems)),
    )


def empty_parts(dataset: Dataset) -> list[Problem]:
    """Return parts of folds that hold no clip."""
    problems = []
    for name, fold in dataset.folds.items():
        for part, side in (("training", fold.train), ("test", fold.test)):
            if not side:
                problems.append(Problem("error", "empty-part", f"fold {name} has no {part} clips"))
    return problems


def _shortened(problems: Iterable[Problem]) -> Iterator[Problem]:
    """Yield at most so many wrong rows of one file;
    the others are counted, as a list of another form is wrong throughout.
    """
    rows: Counter[str] = Counter()
    for problem in problems:
        rows[problem.file] += problem.code == "bad-annotation"
        if problem.code != "bad-annotation" or rows[problem.file] <= ROWS:
            yield problem
    for file, count in rows.items():
        if count > ROWS:
            yield Problem("error", "bad-annotation", and_more(count, ROWS, "rows"), file)


def split_problems(dataset: Dataset) -> list[Problem]:
    """Return what of the splits is not the official one. A demo is not meant to be, and some datasets have none."""
    spec, lists, problems = dataset.spec, dataset.found.lists, []
    for name, fold in dataset.folds.items():
        official = dataset.official(name)
        if name in dataset.found.derived:
            verified = "it is the official one" if official else "it cannot be verified"
            level: Level = "info" if official or dataset.demo else "warning"
            text = f"fold {name}: a list is missing, so the split was derived by the official rule; {verified}"
            problems.append(Problem(level, "derived-split", text))
        if official or dataset.demo or name not in spec.split_sha256:
            continue
        for part, side in enumerate((fold.train, fold.test)):
            if dataset.split_sha256[name][PARTS[part]] != spec.split_sha256[name][part]:
                text = f"fold {name} {PARTS[part]}: not the official split: {_difference(spec, name, part, side)}"
                problems.append(Problem("error", "split-not-official", text, lists.get((name, PARTS[part]), "")))
    return problems


def _difference(
    spec: DatasetSpec,
    fold: str,
    part: int,
    side: Sequence[Sample],
) -> str:
    if fold not in spec.counts:
        return "other clips or labels"
    official, found = spec.counts[fold][part], per_class(side, len(spec.classes))
    if official == found:
        return "the class sizes are the official ones, but clips or labels differ"
    pairs = zip(spec.class_names, found, official, strict=True)
    sizes = ", ".join(f"{name} {have} for {want}" for name, have, want in pairs if have != want)
    return f"{sum(found):,} clips for {sum(official):,} ({sizes})"


def _part(
    dataset: Dataset,
    fold: str,
    part: str,
    side: Sequence[Sample],
    frames: int,
) -> PartReport:
    spec = dataset.spec
    listed = per_class(side, len(spec.classes))
    official = None if dataset.demo else spec.counts.get(fold)
    expected = official[PARTS.index(part)] if official else listed
    found = per_class([s for s in side if s.frames], len(spec.classes))
    hashes = spec.split_sha256.get(fold)
    short = short_clips(side, frames)
    return PartReport(
        fold=fold,
        part=part,
        expected=sum(expected),
        found=sum(found),
        per_class=dict(zip(spec.class_names, found, strict=True)),
        expected_per_class=dict(zip(spec.class_names, expected, strict=True)),
        sha256=dataset.split_sha256[fold][part],
        official_sha256=hashes[PARTS.index(part)] if hashes else None,
        short=len(short),
        repeated=sum(frames - s.frames for s in short),
    )


def _frames(samples: Sequence[Sample]) -> Mapping[str, float]:
    counts = [s.frames for s in samples if s.frames]
    if not counts:
        return {}
    mean, median = statistics.fmean(counts), statistics.median(counts)
    return {
        "min": min(counts),
        "median": median,
        "mean": round(mean, 2),
        "max": max(counts),
    }
