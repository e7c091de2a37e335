"""The clips that methods of a table miss together, as its dataset's page shows them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.leaderboard.board.board import Board
from harness.leaderboard.board.inference import Inference
from harness.leaderboard.board.sections import Section
from harness.results.store import read
from harness.statistics.difficulty import Difficulty, mean_agreement, most_named

if TYPE_CHECKING:
    from harness.leaderboard.site.thumbnails import Thumbnails

SHOWN = 20  # clips; `harness analyze hard-clips` has all


def difficulty_of(tests: Inference, classes: list[str]) -> Difficulty:
    """Return what the tested rows of a table made of its test clips."""
    panel = tests.panel
    right = [panel.hits(row) / panel.present(row) for row in tests.rows]
    guesses = [most_named(panel.predicted[row], len(classes)) for row in tests.rows]
    return Difficulty(
        labels=panel.labels.astype(int),
        frames=panel.frames,
        right=np.stack(right, axis=1),
        guesses=np.stack(guesses, axis=1),
        classes=classes,
    )


def hard_clips(
    board: Board,
    section: Section,
    thumbnails: Thumbnails | None,
) -> dict[str, Any] | None:
    """Return the hardest clips of a table, its parts by class and length, and how alike its methods are.

    None where fewer than two rows could be tested. There is a frame of a clip only with `thumbnails`.
    """
    tests = board.tests.get(section.key)
    if tests is None or len(tests.rows) < 2:
        return None
    made = difficulty_of(tests, list(section.protocol["classes"]))
    places = made.hardest()[:SHOWN].tolist()
    frames = _frames(
        board,
        tests,
        [str(tests.panel.ids[place]) for place in places],
        thumbnails,
    )
    return {
        "methods": len(tests.rows),
        "clips": len(made.labels),
        "never": int(made.never.sum()),
        "agreement": mean_agreement(made.agreement()),
        "lines": [_line(tests, made, place, frames) for place in places],
        "parts": {"Class": made.by_class(), "Length": made.by_length()},
        "frames": bool(frames),
    }


def _line(
    tests: Inference,
    made: Difficulty,
    place: int,
    frames: dict[str, str],
) -> dict[str, Any]:
    name = str(tests.panel.ids[place])
    return {
        "fold": str(tests.panel.folds[place]),
        "id": name,
        "label": made.classes[int(made.labels[place])],
        "length": int(made.frames[place]) or None,
        "right": float(made.share[place]),
        "named": made.classes[int(made.usual[place])],
        "frame": frames.get(name, ""),
    }


def _frames(
    board: Board,
    tests: Inference,
    names: list[str],
    thumbnails: Thumbnails | None,
) -> dict[str, str]:
    """Return a small frame of each clip that has one, from the data that the first row was made with."""
    if thumbnails is None:
        return {}
    folder = board.evidence.parts[tests.rows[0]][0].folder
    return thumbnails.frames(read(Path(folder) / "result.json"), names)
