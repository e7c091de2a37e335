"""The lists that `harness data prepare` writes beside its crops: of all source frames, and of those without a face."""

from __future__ import annotations

import csv
from pathlib import Path

INDEX, FACELESS = "index.csv", "no-face.csv"
COLUMNS = ("clip", "frame", "source", "crop", "status", "faces", "x", "y", "width", "height", "score", "points")


def is_prepared_list(file: Path) -> bool:
    """Return whether a file is one of these lists, by its name and its header; it lists frames, not clips."""
    if file.name not in (INDEX, FACELESS):
        return False
    try:
        with file.open(encoding="utf-8", errors="surrogateescape", newline="") as source:
            return next(csv.reader(source), []) == list(COLUMNS)
    except (OSError, csv.Error):
        return False


def clips_without_face(root: Path) -> list[str]:
    """Return the clips of prepared crops that have none, in order; nothing where the folder was not prepared."""
    file = root / FACELESS
    if not is_prepared_list(file):
        return []
    with file.open(encoding="utf-8", errors="surrogateescape", newline="") as source:
        clips = {row["clip"] for row in csv.DictReader(source)}
    return sorted(clip for clip in clips if not (root / clip).is_dir())
