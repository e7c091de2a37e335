"""Clips that have no crop after `harness data prepare`, since no face was found in them."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from harness import Problem
from harness.data import is_prepared_list

INDEX = "index.csv"  # the list of all frames that `data prepare` writes beside its crops
NAMED = 3


def faceless(root: Path) -> Iterator[Problem]:
    """Yield how many prepared clips have no crop, since no face was found: they are missing in training and test."""
    file = root / INDEX
    if not is_prepared_list(file):
        return
    cropped: dict[str, bool] = {}
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
