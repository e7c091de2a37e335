"""What can be used, but limits what results say: told by `data check` and `bench`, and kept in every result."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from harness.core.dataset_spec import DatasetSpec, Fold, Inventory, Problem
from harness.core.text import first_few
from harness.data.spelling import likely_one, no_words
from harness.data.splits import per_class

NAMED = 5  # classes or groups that a sentence names; the rest are counted
KEPT = {  # codes of a reader's warnings that a result has to tell: clips are left out, or labels were guessed
    *("class-order", "label-numbers", "validation-list", "validation-part", "not-face-crops", "same-file"),
    *("unread-clips", "unread-frames", "double-frames", "faceless-clips", "unread-columns"),
}
NEVER_TESTED = "class-never-tested"  # which the confusion matrix of a result tells as well


def doubts_of(classes: Sequence[str], fold: Fold) -> Iterator[Problem]:
    """Yield what is odd about one fold: classes that one part lacks, and groups that both have."""
    trained, tested = per_class(fold.train, len(classes)), per_class(fold.test, len(classes))
    untrained = [f"{name} ({n} test clips)" for name, t, n in zip(classes, trained, tested, strict=True) if n and not t]
    untested = [name for name, n in zip(classes, tested, strict=True) if not n]
    if untrained:
        yield _doubt("class-never-trained", f"no training clip of {first_few(untrained, NAMED)}")
    if untested:
        yield _doubt(NEVER_TESTED, untested_text(untested, len(classes)))
    train = {clip.group for clip in fold.train}
    shared = sorted(group for group in {clip.group for clip in fold.test} & train if group)
    if shared:
        verb = "group is" if len(shared) == 1 else "groups are"
        yield _doubt("shared-groups", f"{len(shared):,} {verb} in train and in test: {first_few(shared, NAMED)}")


def untested_text(names: Sequence[str], classes: int) -> str:
    """Say which classes have no test clip, and what that makes of UAR."""
    left = classes - len(names)
    return f"no test clip of {first_few(names, NAMED)}, so UAR is the mean over {left} of {classes} classes"


def of_classes(names: Sequence[str]) -> Iterator[Problem]:
    """Yield what is odd about the names of classes, which text encoders read."""
    if codes := no_words(names):
        shown = first_few([repr(name) for name in codes], NAMED)
        yield _doubt(
            "class-names", f"classes are called {shown}: a prompt reads them as they are; give words for numbers"
        )
    for one, other in likely_one(names):
        yield _doubt("alike-classes", f"{one!r} and {other!r} may be one class; give both one word if they are")


def of_lists(spec: DatasetSpec, found: Inventory) -> list[Problem]:
    """Return what a result has to tell of the lists and clips that its dataset was read from, whatever its fold."""
    told = [_doubt(p.code, p.message) for p in found.problems if p.level == "warning" and p.code in KEPT]
    return [*told, *of_classes(spec.class_names)]


def by_fold(doubts: Mapping[str, Sequence[Problem]], found: Inventory) -> list[Problem]:
    """Return each doubt once, with the folds that it is about; without those that the reader has told already."""
    known = {problem.message for problem in found.problems}
    folds: dict[Problem, list[str]] = {}
    for fold, problems in doubts.items():
        for problem in problems:
            folds.setdefault(problem, []).append(fold)
    return [
        _doubt(problem.code, f"{of_folds(names, len(doubts))}{problem.message}")
        for problem, names in folds.items()
        if problem.message not in known
    ]


def of_folds(names: Sequence[str], of: int) -> str:
    """Return "fold 1, 2: " where there are others, too."""
    return f"fold {first_few(names, NAMED)}: " if len(names) < of else ""


def as_stored(doubts: Iterable[Problem]) -> list[dict[str, str]]:
    """Return doubts as a result keeps them."""
    return [{"code": doubt.code, "message": doubt.message} for doubt in doubts]


def _doubt(code: str, message: str) -> Problem:
    return Problem("warning", code, message)
