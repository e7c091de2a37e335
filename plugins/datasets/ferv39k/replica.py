"""A synthetic replica of FERV39k in its official layout: folders by scene and emotion, one split."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from harness.demo import ClipPlan, Performance, apportion, shown, write_replica

WORDS = {
    "happiness": "Happy",
    "sadness": "Sad",
    "neutral": "Neutral",
    "anger": "Angry",
    "surprise": "Surprise",
    "disgust": "Disgust",
    "fear": "Fear",
}
CLASSES = tuple(WORDS)
# Clips per class (in the order of WORDS) in some of the 22 official scenes, train and test together.
OFFICIAL = {
    "Argue": (703, 260, 590, 734, 203, 94, 70),
    "Crime": (244, 416, 523, 254, 158, 143, 133),
    "DailyLife": (483, 501, 461, 640, 85, 31, 138),
    "Interview": (682, 291, 604, 302, 92, 91, 37),
    "School": (127, 403, 365, 528, 249, 177, 166),
    "War": (284, 600, 543, 638, 160, 111, 120),
}
CLIPS, AT_LEAST = 570, 4
FILM = 3  # neighbouring ids of a scene share a small cast, as clips of one film do


def write(
    root: Path,
    pairs: Sequence[tuple[str, str]],
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Write the replica into `root`; see `harness.demo.replica.write_replica`."""
    clips: list[ClipPlan] = []
    rows: dict[str, list[str]] = {"train": [], "test": []}
    for scene, label, count in _cells():
        for number in range(count):
            clips.append(_plan(scene, label, number, f"FERV39k/{seed}"))
            part = "test" if number < math.ceil(0.2 * count) else "train"
            rows[part].append(f"{scene}/{WORDS[label]}/{number:04d} {WORDS[label]}\n")
    texts = {f"4_setups/All_scenes/{part}_All.csv": "".join(lines) for part, lines in rows.items()}
    write_replica(root, clips, texts, pairs, seed, progress)


def _cells() -> Iterator[tuple[str, str, int]]:
    """Yield scene, class and number of clips."""
    whole = sum(map(sum, OFFICIAL.values()))
    for scene, counts in OFFICIAL.items():
        shares = dict(zip(CLASSES, counts, strict=True))
        for label, count in apportion(
            shares,
            round(CLIPS * sum(counts) / whole),
            AT_LEAST,
        ).items():
            yield scene, label, count


def _plan(
    scene: str,
    label: str,
    number: int,
    name: str,
) -> ClipPlan:
    key = f"{scene}/{WORDS[label]}/{number:04d}"
    actor = f"{name}/{scene}/{number // FILM}/{number % 3}"
    act = Performance(
        shown(label, CLASSES, name, key),
        actor,
        f"{name}/{key}",
    )
    return ClipPlan(f"2_ClipsforFaceCrop/{key}", "{:05d}.jpg", act)
