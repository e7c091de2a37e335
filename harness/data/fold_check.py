"""Whether what the reader of a dataset hands out can be trained on and tested: asked before any job."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from harness.core.dataset_spec import SHOWN, ClassLabel, DatasetSpec, Fold, Inventory, Problem, Sample
from harness.core.errors import BadData
from harness.core.text import first_few
from harness.data.clip_faults import clip_fault, described
from harness.data.paths import Below
from harness.data.same_clips import links, one_clip_twice
from harness.data.spelling import clashes

PARTS = ("train", "test")
NAMED = 20  # clips of a kind of fault that are named; the rest are counted
LISTED = 3  # clips named in one sentence


class BadFolds(BadData):
    """Folds that no result may be made on; carries what is wrong with them, one by one."""

    def __init__(self, title: str, problems: Sequence[Problem]) -> None:
        lines = [f"{problem.place}{problem.message}" for problem in problems[:SHOWN]]
        more = f"\nand {len(problems) - SHOWN} more" if len(problems) > SHOWN else ""
        super().__init__(f"{title}: " + "\n".join(lines) + more)
        self.title, self.problems = title, problems

    def __reduce__(self) -> tuple[type, tuple[str, Sequence[Problem]]]:
        return type(self), (self.title, self.problems)


def check_form(spec: DatasetSpec, found: Inventory) -> None:
    """Hold an inventory against the form of the contract. Raises: BadFolds if it is of another."""
    if wrong := list(_form(spec, found)):
        raise BadFolds(spec.title, [*_told(found), *wrong])


def checked_folds(
    spec: DatasetSpec,
    root: Path,
    found: Inventory,
) -> Iterator[Problem]:
    """Yield what is odd about the clips of an inventory, but can be used.

    Args: `found` has the form of the contract, see `check_form`.

    Raises: BadFolds for what cannot, such as clips that train and test share.
    """
    clips = _distinct(found.folds.values())
    for problems in (_clips(spec, root, found, clips), _shared(found, clips)):
        wrong = list(problems)  # each is asked only where the one before finds nothing
        if wrong:
            raise BadFolds(spec.title, [*_told(found), *wrong])
    same, linked = links(clips)
    if same:
        raise BadFolds(spec.title, [*map(_wrong, same)])
    for text in linked:
        yield Problem("warning", "same-file", text)


def _wrong(message: str) -> Problem:
    return Problem("error", "bad-fold", message)


def _told(found: object) -> list[Problem]:
    """Return the errors that the reader has found itself."""
    told = found.problems if isinstance(found, Inventory) else ()
    return [problem for problem in told if isinstance(problem, Problem) and problem.level == "error"]


def _form(spec: DatasetSpec, found: object) -> Iterator[Problem]:
    """Yield where an inventory, its folds or its classes are not of the form that the contract gives."""
    if not isinstance(found, Inventory):
        yield _wrong(f"read gives {described(found)}; expected a harness.Inventory")
    elif not isinstance(found.folds, Mapping):
        yield _wrong(f"the inventory's folds are {described(found.folds)}; expected a mapping from names to Folds")
    elif odd := next((problem for problem in found.problems if not isinstance(problem, Problem)), None):
        yield _wrong(f"the inventory's problems hold {described(odd)}; expected harness.Problem")
    elif any(problem.level == "error" for problem in found.problems) and not found.folds:
        return  # what is wrong is told already
    else:
        yield from map(_wrong, _names(spec, found))
        yield from map(_wrong, _classes(spec.classes if spec.folds else found.classes))
        for name, fold in found.folds.items():
            yield from map(_wrong, _parts(name, fold))


def _names(spec: DatasetSpec, found: Inventory) -> Iterator[str]:
    if odd := [name for name in found.folds if not isinstance(name, str) or not name.strip() or not name.isprintable()]:
        yield f"{described(odd[0])} is no name of a fold; expected a text that can be printed"
    elif not found.folds:
        yield "it has no folds"
    elif spec.folds and (missing := [name for name in spec.folds if name not in found.folds]):
        yield f"fold {', '.join(missing)} is declared and not read; there are {', '.join(found.folds) or 'none'}"
    elif spec.folds and (more := [name for name in found.folds if name not in spec.folds]):
        yield f"fold {', '.join(more)} is read and not declared; the spec has {', '.join(spec.folds)}"


def _classes(classes: object) -> Iterator[str]:
    if not isinstance(classes, Sequence) or isinstance(classes, str):
        yield f"its classes are {described(classes)}; expected a tuple of ClassLabel"
        return
    if odd := [one for one in classes if not isinstance(one, ClassLabel)]:
        yield f"its classes hold {described(odd[0])}; expected ClassLabel"
        return
    names = [label.name for label in classes]
    if bad := [name for name in names if not isinstance(name, str) or not name.strip() or not name.isprintable()]:
        yield f"{described(bad[0])} is no name of a class; expected a word that can be printed"
    elif len(names) < 2:
        yield f"it has {len(names)} class{'es' * (not names)}; at least two are needed"
    else:
        pairs = [f"{a!r} and {b!r}" for a, b in clashes(names)]
        if pairs:
            yield f"classes {first_few(pairs, LISTED)} are one by their spelling; give each class one name"


def _parts(name: str, fold: object) -> Iterator[str]:
    if not isinstance(fold, Fold):
        yield f"fold {name} is {described(fold)}; expected Fold(train=[...], test=[...])"
        return
    for part in PARTS:
        clips = getattr(fold, part)
        if not isinstance(clips, Sequence) or isinstance(clips, str | bytes):
            yield f"fold {name}: {part} is {described(clips)}; expected a list of Sample"


def _distinct(folds: Iterable[Fold]) -> list[Sample]:
    """Return each clip object once: readers share them among folds, and looking at each again takes long."""
    seen: dict[int, Sample] = {}
    for fold in folds:
        for part in (fold.train, fold.test):
            seen.update(zip(map(id, part), part, strict=True))
    return list(seen.values())


def _clips(
    spec: DatasetSpec,
    root: Path,
    found: Inventory,
    clips: Sequence[Sample],
) -> Iterator[Problem]:
    """Yield clips that are wrong by themselves."""
    classes = len(spec.classes if spec.folds else found.classes)
    below = Below(root)
    faults = [fault for clip in clips if (fault := clip_fault(clip, classes, below))]
    unique = list(dict.fromkeys(faults))
    yield from map(_wrong, unique[:NAMED])
    if len(unique) > NAMED:
        yield _wrong(f"and {len(unique) - NAMED:,} more clips that are wrong, {len(unique):,} in all")


def _shared(found: Inventory, clips: Sequence[Sample]) -> Iterator[Problem]:
    """Yield clips that stand on both sides of a fold, or twice on one; and those that differ from fold to fold."""
    for name, fold in found.folds.items():
        train, test = ({clip.id for clip in part} for part in (fold.train, fold.test))
        if both := train & test:
            shown = first_few(sorted(both), LISTED)
            yield _wrong(f"fold {name}: {len(both):,} clips are in train and in test: {shown}")
        for part, ids in zip((fold.train, fold.test), (train, test), strict=True):
            if len(ids) < len(part):
                yield _wrong(f"fold {name}: {_twice(part)}")
    yield from map(_wrong, one_clip_twice(clips))


def _twice(part: Sequence[Sample]) -> str:
    again = sorted(clip for clip, count in Counter(clip.id for clip in part).items() if count > 1)
    return f"{len(again):,} ids come more than once in one part: {first_few(again, LISTED)}"
