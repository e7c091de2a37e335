"""Splits: their canonical hash, the rules the official ones follow, and the validation part."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby, pairwise

from harness.core.dataset_spec import DatasetSpec, Fold, Sample
from harness.core.text import natural_key

HELD_OUT = 8  # one in so many training clips of a class is held out for validation

Unit = tuple[str, str]


def canonical_sha256(samples: Iterable[Sample]) -> str:
    """Return the SHA-256 of the lines "id label", sorted as plain strings: equal for equal splits in whatever file."""
    return labels_sha256((sample.id, sample.label) for sample in samples)


def labels_sha256(labels: Iterable[tuple[str, int]]) -> str:
    """Return the same hash of pairs of id and label."""
    return hashlib.sha256("".join(f"{key} {label}\n" for key, label in sorted(labels)).encode()).hexdigest()


def per_class(samples: Iterable[Sample], classes: int) -> tuple[int, ...]:
    """Count the samples of each of so many classes, in label order."""
    counts = Counter(sample.label for sample in samples)
    return tuple(counts[label] for label in range(classes))


def is_official(
    spec: DatasetSpec,
    fold_name: str,
    fold: Fold,
) -> bool:
    """Return whether both parts are, clip by clip and label by label, the official ones.

    A dataset that declares no hashes cannot be verified, so its folds do not count as official.
    """
    found = (canonical_sha256(fold.train), canonical_sha256(fold.test))
    return spec.split_sha256.get(fold_name) == found


def five_chunks(ids_by_class: Mapping[int, Iterable[str]]) -> list[dict[str, int]]:
    """Return the five test parts, as id -> label, by the rule of DFEW and MAFW.

    Per class, the n ids in ascending order are cut into five consecutive chunks; the first n mod 5 of them
    are one longer. Chunk k is the test part of fold k, and the other four are its training part.
    """
    parts: list[dict[str, int]] = [{} for _ in range(5)]
    for label, ids in ids_by_class.items():
        ordered = sorted(ids, key=natural_key)
        size, longer = divmod(len(ordered), 5)
        borders = [size * k + min(k, longer) for k in range(6)]
        for part, (start, stop) in zip(
            parts,
            pairwise(borders),
            strict=True,
        ):
            part.update(dict.fromkeys(ordered[start:stop], label))
    return parts


def scene_fifths(ids: Iterable[str]) -> tuple[list[str], list[str]]:
    """Return the training and the test ids, by the rule of FERV39k.

    In every cell "Scene/Emotion" the first fifth of the ids, rounded up, is the test part.
    """
    train: list[str] = []
    test: list[str] = []
    for _, cell in groupby(sorted(ids, key=natural_key), key=lambda clip: clip.rpartition("/")[0]):
        clips = list(cell)
        fifth = -(-len(clips) // 5)  # ceiling, in integers: 0.2 * 35 is above 7 in floating point
        test += clips[:fifth]
        train += clips[fifth:]
    return train, test


def hold_out(train: Sequence[Sample]) -> tuple[list[Sample], list[Sample]]:
    """Split a training part into the rest, to train on, and a validation part, both in natural order of ids.

    Per class, validation is the last eighth of the ids, or one clip where a class has two to seven. It is a
    block and no random draw, since neighbouring ids often share a film. Groups, where known, are taken whole
    from the end, so that the share is only roughly an eighth. Every class keeps training clips.
    """
    ordered = sorted(train, key=lambda sample: natural_key(sample.id))
    held = _held_units(ordered)
    rest = [sample for sample in ordered if _unit(sample) not in held]
    return rest, [sample for sample in ordered if _unit(sample) in held]


def _unit(sample: Sample) -> Unit:
    """Return what must stay on one side: the group, or the sample alone where none is known."""
    return (sample.group, "") if sample.group else ("", sample.id)


def _held_units(ordered: Sequence[Sample]) -> set[Unit]:
    units: dict[Unit, Counter[int]] = {}  # in order of their last clip, from the end
    for sample in reversed(ordered):
        units.setdefault(_unit(sample), Counter())[sample.label] += 1
    totals = Counter(sample.label for sample in ordered)
    taken: Counter[int] = Counter()
    held: set[Unit] = set()
    # Rare classes choose first: they have the fewest groups to choose from. Groups beyond twice the wanted
    # share are a last resort, for a class that would otherwise have no validation clip at all.
    for label in sorted(totals, key=lambda c: (totals[c], c)):
        mine = [unit for unit, sizes in units.items() if label in sizes]
        for large in (False, True):
            for unit in mine:
                if taken[label] >= (1 if large else _quota(totals[label])):
                    break
                if unit not in held and _fits(
                    units[unit],
                    taken,
                    totals,
                    large,
                ):
                    held.add(unit)
                    taken += units[unit]
    return held


def _quota(total: int) -> int:
    return max(total // HELD_OUT, min(total - 1, 1))


def _fits(
    unit: Counter[int],
    taken: Counter[int],
    totals: Counter[int],
    large: bool,
) -> bool:
    for label, size in unit.items():
        most = totals[label] - 1  # every class keeps a training clip
        if not large:
            most = min(2 * _quota(totals[label]), most)
        if taken[label] + size > most:
            return False
    return True
