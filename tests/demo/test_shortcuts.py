"""Nothing but the faces tells the class: not length, not file size, not colour."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from helpers.replicas import Replica

PROBES: dict[str, Callable[[], Any]] = {
    "linear": lambda: make_pipeline(StandardScaler(), LogisticRegression(class_weight="balanced", max_iter=1000)),
    "forest": lambda: RandomForestClassifier(200, class_weight="balanced", min_samples_leaf=3, random_state=0),
}


def _shortcuts(folder: Path) -> list[float]:
    """Return frame count, file size in all and per frame, and mean colour."""
    files = sorted(folder.iterdir())
    size = sum(file.stat().st_size for file in files)
    colour = np.mean([_picture(file, "RGB").mean((0, 1)) for file in files], 0)
    return [len(files), size, size / len(files), *colour]


def _picture(file: Path, mode: str) -> NDArray[np.uint8]:
    with Image.open(file) as image:
        return np.asarray(image.convert(mode))


def _recall(probe: Any, root: Path, replica: Replica, seen: dict[str, list[float]]) -> float:
    """Return the UAR over the test clips of all folds."""
    truth: list[str] = []
    guesses: list[str] = []
    for fold in range(1, replica.folds + 1):
        train, test = (replica.read(root, fold, part) for part in ("train", "test"))
        probe.fit(_table(train, seen), [label for _, label in train])
        truth += [label for _, label in test]
        guesses += list(probe.predict(_table(test, seen)))
    return float(balanced_accuracy_score(truth, guesses))


def _table(rows: list[tuple[str, str]], seen: dict[str, list[float]]) -> NDArray[np.float64]:
    return np.array([seen[clip] for clip, _ in rows])


@pytest.mark.slow
def test_a_probe_of_shortcuts_stays_at_chance(written: Path, replica: Replica) -> None:
    root = written / replica.folder
    rows = replica.read(root, 1, "train") + replica.read(root, 1, "test")
    seen = {clip: _shortcuts(root / clip) for clip, _ in rows}
    for name, probe in PROBES.items():
        recall = _recall(probe(), root, replica, seen)
        assert recall < 1 / len(replica.classes) + 0.05, f"{name}: {recall:.3f}"


@pytest.mark.slow
def test_the_mean_frame_does_not_separate_a_pair(written: Path, replica: Replica) -> None:
    """A linear probe of the mean picture (16 x 16) stays near a half on the two classes of each pair."""
    root = written / replica.folder
    rows = replica.read(root, 1, "train") + replica.read(root, 1, "test")
    for pair in replica.pairs:
        ours = [(clip, label) for clip, label in rows if label in pair]
        seen = {clip: _mean_picture(root / clip) for clip, _ in ours}
        half = len(ours) // 2
        order = np.random.default_rng(0).permutation(len(ours))
        train, test = ([ours[i] for i in part] for part in (order[:half], order[half:]))
        probe = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=1000))
        probe.fit(_table(train, seen), [label for _, label in train])
        right = np.mean(probe.predict(_table(test, seen)) == [label for _, label in test])
        assert abs(right - 0.5) < 0.15  # three standard errors of about 100 clips


def _mean_picture(folder: Path) -> list[float]:
    frames = [_picture(file, "L").reshape(16, 4, 16, 4).mean((1, 3)) for file in folder.iterdir()]
    return [float(value) for value in np.mean(frames, 0).ravel()]
