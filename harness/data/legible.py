"""Names of a dataset as text: where one is not UTF-8, its bytes are spelled out, since no table or file takes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from harness.core.dataset_spec import Fold, Inventory, Sample
from harness.core.text import is_text, visible


def legible(found: Inventory) -> Inventory:
    """Return what was found with every name as text; only where clips lie is told by the bytes on disk."""
    folds = {_text(name): _fold(fold) for name, fold in found.folds.items()}
    problems = [
        problem
        if is_text(problem.message + problem.file)
        else replace(problem, message=_text(problem.message), file=_text(problem.file))
        for problem in found.problems
    ]
    return replace(
        found,
        folds=folds,
        layout=_text(found.layout),
        crop_source=_text(found.crop_source),
        problems=problems,
        places={_text(clip): (_text(file), line) for clip, (file, line) in found.places.items()},
        lists={part: _text(file) for part, file in found.lists.items()},
        stated={_text(clip): frames for clip, frames in found.stated.items()},
    )


def _text(name: str) -> str:
    return name if is_text(name) else visible(name)


def _fold(fold: Fold) -> Fold:
    return Fold(_samples(fold.train), _samples(fold.test))


def _samples(samples: Sequence[Sample]) -> Sequence[Sample]:
    """Return clips with legible names; those that are legible stay the objects that folds share."""
    if all(map(_is_legible, samples)):
        return samples
    return [
        sample if _is_legible(sample) else replace(sample, id=_text(sample.id), group=_text(sample.group))
        for sample in samples
    ]


def _is_legible(sample: Sample) -> bool:
    """Return whether its names are text. What is no sample, or has names of another type, is told of by its check."""
    names = (getattr(sample, name, None) for name in ("id", "group"))
    return all(not isinstance(name, str) or is_text(name) for name in names)
