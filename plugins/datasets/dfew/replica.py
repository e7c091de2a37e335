"""A synthetic replica of DFEW in its official layout: face frames, and five pairs of csv files."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

from harness.demo import ClipPlan, Performance, apportion, five_folds, shown, shuffled_labels, write_replica

# Single-labelled clips of the official release, in the order of its label numbers (from 1).
OFFICIAL = {
    "happiness": 2445,
    "sadness": 1894,
    "neutral": 2669,
    "anger": 2173,
    "surprise": 1469,
    "disgust": 145,
    "fear": 902,
}
CLASSES = tuple(OFFICIAL)
CLIPS, AT_LEAST = 500, 15
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
        "DFEW",
        seed,
    )
    clips = [_plan(number, label, f"DFEW/{seed}") for number, label in enumerate(labels, 1)]
    write_replica(root, clips, _splits(labels), pairs, seed, progress)


def _plan(number: int, label: str, name: str) -> ClipPlan:
    key = f"{number:05d}"
    actor = f"{name}/{number // FILM}/{number % 3}"
    act = Performance(
        shown(label, CLASSES, name, key),
        actor,
        f"{name}/{key}",
    )
    return ClipPlan(f"Clip/clip_224x224/{key}", key + "_{:05d}.jpg", act)


def _splits(labels: Sequence[str]) -> dict[str, str]:
    """Return the csv files: each class cut into five chunks of consecutive ids, one a test set."""
    rows: dict[str, list[str]] = defaultdict(lambda: ["video_name,label"])
    for number, label, fold, part in five_folds(labels):
        name = f"EmoLabel_DataSplit/{part}(single-labeled)/set_{fold}.csv"
        rows[name].append(f"{number},{CLASSES.index(label) + 1}")
    return {name: "\n".join(lines) + "\n" for name, lines in rows.items()}
