"""Join lists and clips: one `Sample` a clip, shared by all folds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from harness.core.dataset_spec import Fold, Sample
from harness.data.clip_list import BadRow
from harness.data.layouts.complete import Labels
from harness.data.layouts.family import Reading
from harness.data.layouts.lists import PARTS, Cell
from harness.data.layouts.trees import Tree


def make_folds(
    root: Path, names: Sequence[str], parts: Mapping[Cell, Labels], tree: Tree, reading: Reading
) -> dict[str, Fold]:
    """Return the folds. A clip that is not on disk gets the place where it should be.

    A clip listed in both parts of a fold, or with another label than elsewhere, is a problem and left out there.
    """
    base = root.absolute()
    samples: dict[str, Sample] = {}
    folds = {}
    for fold in names:
        sides: dict[str, list[Sample]] = {part: [] for part in PARTS}
        for part in PARTS:
            for clip, label in parts[fold, part].items():
                if clip not in samples:
                    samples[clip] = Sample(
                        clip,
                        base / tree.place(clip),
                        label,
                    )
                reason = ""
                if samples[clip].label != label:
                    reason = f"clip {clip!r} has another label in another list"
                elif part == "test" and clip in parts[fold, "train"]:
                    reason = f"train and test share id {clip!r}{_first(reading, (fold, 'train'), clip)}"
                if reason:
                    reading.bad(_errors(reading, (fold, part), clip, reason))
                else:
                    sides[part].append(samples[clip])
        folds[fold] = Fold(sides["train"], sides["test"])
    return folds


def _errors(
    reading: Reading,
    cell: Cell,
    clip: str,
    reason: str,
) -> list[BadRow]:
    """Return the error at the row of that part, or at the first row of the clip if the part was derived."""
    places = (reading.rows.get(cell, {}), *reading.rows.values())
    return [next(rows[clip] for rows in places if clip in rows).error(reason)]


def _first(
    reading: Reading,
    cell: Cell,
    clip: str,
) -> str:
    row = reading.rows.get(cell, {}).get(clip)
    return f", first in {row.file}:{row.line}" if row else ""
