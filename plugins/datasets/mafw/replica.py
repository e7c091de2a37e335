"""A synthetic replica of MAFW in its official layout: PNG frames, and five pairs of text files."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

from harness.demo import ClipPlan, Performance, apportion, five_folds, shown, shuffled_labels, write_replica

# Single-labelled clips of the official release.
OFFICIAL = {
    "happiness": 1242,
    "sadness": 1470,
    "neutral": 1138,
    "anger": 1390,
    "surprise": 1072,
    "disgust": 639,
    "fear": 625,
    "contempt": 236,
    "anxiety": 916,
    "helplessness": 262,
    "disappointment": 182,
}
CLASSES = tuple(OFFICIAL)
CLIPS, AT_LEAST = 540, 15
FILM = 12  # neighbouring ids share a small cast, as clips of one film do


def write(
    root: Path,
    pairs: Sequence[tuple[str, str]],
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Write the replica into `root`; see `harness.demo.replica.write_replica`."""
    labels = shuffled_labels(
        apportion(OFFICIAL, CLIPS, AT_LEAST, pairs),
        "MAFW",
        seed,
    )
    clips = [_plan(number, label, f"MAFW/{seed}") for number, label in enumerate(labels, 1)]
    write_replica(root, clips, _splits(labels), pairs, seed, progress)


def _plan(number: int, label: str, name: str) -> ClipPlan:
    key = f"{number:05d}"
    actor = f"{name}/{number // FILM}/{number % 3}"
    act = Performance(
        shown(label, CLASSES, name, key),
        actor,
        f"{name}/{key}",
    )
    return ClipPlan(f"data/frames/{key}", "{:05d}.png", act)


def _splits(labels: Sequence[str]) -> dict[str, str]:
    """Return the text files: each class cut into five chunks of consecutive ids, one a test set.

    The official files lack a final newline, and so do these.
    """
    rows: dict[str, list[str]] = defaultdict(list)
    for number, label, fold, part in five_folds(labels):
        name = f"Train & Test Set/single/no_caption/set_{fold}/{part}.txt"
        rows[name].append(f"{number:05d}.mp4 {label}")
    return {name: "\n".join(lines) for name, lines in rows.items()}
