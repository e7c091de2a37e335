"""The three replicas, as plain lists that the tests read; they are written without the dataset plugins."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

SEVEN = ("happiness", "sadness", "neutral", "anger", "surprise", "disgust", "fear")
ELEVEN = (*SEVEN, "contempt", "anxiety", "helplessness", "disappointment")
WORDS = dict(zip(("Happy", "Sad", "Neutral", "Angry", "Surprise", "Disgust", "Fear"), SEVEN, strict=True))
Rows = list[tuple[str, str]]  # frame folder below the root, class


def _dfew(root: Path, fold: int, part: str) -> Rows:
    lines = (root / f"EmoLabel_DataSplit/{part}(single-labeled)/set_{fold}.csv").read_text().splitlines()[1:]
    pairs = [line.split(",") for line in lines]
    return [(f"Clip/clip_224x224/{int(clip):05d}", SEVEN[int(label) - 1]) for clip, label in pairs]


def _ferv39k(root: Path, fold: int, part: str) -> Rows:
    lines = (root / f"4_setups/All_scenes/{part}_All.csv").read_text().splitlines()
    return [(f"2_ClipsforFaceCrop/{line.split()[0]}", WORDS[line.split()[1]]) for line in lines]


def _mafw(root: Path, fold: int, part: str) -> Rows:
    lines = (root / f"Train & Test Set/single/no_caption/set_{fold}/{part}.txt").read_text().splitlines()
    return [(f"data/frames/{line[:5]}", line.split()[1]) for line in lines]


@dataclass(frozen=True)
class Replica:
    """One replica's writer and reader."""

    module: str
    folder: str
    classes: Sequence[str]
    pairs: Sequence[tuple[str, str]]
    folds: int
    read: Callable[[Path, int, str], Rows]

    def write(self, root: Path, seed: int = 0) -> None:
        import_module(f"harness_plugins.datasets.{self.module}.replica").write(root, self.pairs, seed)


PAIR = ("sadness", "anger")
REPLICAS = (
    Replica("dfew", "DFEW", SEVEN, (PAIR,), 5, _dfew),
    Replica("ferv39k", "FERV39k", SEVEN, (PAIR,), 1, _ferv39k),
    Replica("mafw", "MAFW", ELEVEN, (PAIR, ("surprise", "anxiety")), 5, _mafw),
)
