"""Clips that have no crop after `harness data prepare`, since no face was found in them."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from harness import Problem
from harness.data import is_prepared_list

LISTS = ("index.csv", "no-face.csv")  # of all frames, and of those without a face, which `data prepare` leaves
NAMED = 3


def faceless(root: Path) -> Iterator[Problem]:
    """Yield how many prepared clips have no crop, since no face was found: they are missing in training and test."""
    cropped: dict[str, bool] = {}
    for file in filter(is_prepared_list, (root / name for name in LISTS)):
        with suppress(OSError, csv.Error), file.open(encoding="utf-8", errors="surrogateescape", newline="") as source:
            for row in csv.DictReader(source):
                cropped[row["clip"]] = cropped.get(row["clip"], False) or bool(row["crop"])
    without = [clip for clip, known in cropped.items() if not known]
    if without:
        text = (
            f"{len(without):,} of {len(cropped):,} prepared clips have no face and are neither trained on nor tested, "
            f"e.g. {', '.join(without[:NAMED])}"
        )
        yield Problem("warning", "faceless-clips", text)
