"""The lists that `harness data prepare` writes beside its crops: of all source frames, and of those without a face."""

from __future__ import annotations

import csv
from pathlib import Path

INDEX, FACELESS = "index.csv", "no-face.csv"
KNOWN_BY = 5  # columns, the first
COLUMNS = ("clip", "frame", "source", "crop", "status", "faces", "x", "y", "width", "height", "score", "points")


def is_prepared_list(file: Path) -> bool:
    """Return whether a file is one of these lists, by its name and its header; it lists frames, not clips."""
    if file.name not in (INDEX, FACELESS):
        return False
    try:
        with file.open(encoding="utf-8", errors="surrogateescape", newline="") as source:
            return next(csv.reader(source), [])[:KNOWN_BY] == list(COLUMNS[:KNOWN_BY])
    except (OSError, csv.Error):
        return False
