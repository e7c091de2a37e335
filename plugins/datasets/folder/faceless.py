"""What `harness data prepare` leaves beside its crops: lists of frames, which tell of the clips that have no face."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from harness import Problem

LEFT = ("index.csv", "no-face.csv")
COLUMNS = ["clip", "frame", "source", "crop", "status"]  # the first of both
NAMED = 3


def left_by_prepare(file: Path) -> bool:
    """Return whether a list is one that `data prepare` wrote, and none of clips."""
    if file.name not in LEFT:
        return False
    with suppress(OSError, UnicodeDecodeError, csv.Error), file.open(encoding="utf-8", newline="") as source:
        return next(csv.reader(source), [])[: len(COLUMNS)] == COLUMNS
    return False


def faceless(root: Path) -> Iterator[Problem]:
    """Yield how many prepared clips have no crop, since no face was found: they are missing in training and test."""
    file = root / LEFT[0]
    if not left_by_prepare(file):
        return
    cropped: dict[str, bool] = {}
    with suppress(OSError, UnicodeDecodeError, csv.Error), file.open(encoding="utf-8", newline="") as source:
        for row in csv.DictReader(source):
            cropped[row["clip"]] = cropped.get(row["clip"], False) or bool(row["crop"])
    without = [clip for clip, known in cropped.items() if not known]
    if without:
        text = (
            f"{len(without):,} of {len(cropped):,} prepared clips have no face and are neither trained on nor tested, "
            f"e.g. {', '.join(without[:NAMED])}"
        )
        yield Problem("warning", "faceless-clips", text)
