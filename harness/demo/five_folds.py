"""Replicas of datasets with five official folds: each class cut into five chunks of consecutive clips."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.data.splits import five_chunks
from harness.demo.film import Pairs, Performance
from harness.demo.render import ClipPlan
from harness.demo.replica import Progress, apportion, shown, shuffled_labels, write_replica

FILM = 12  # neighbouring clips share a small cast, as clips of one film do


@dataclass(frozen=True)
class FiveFoldReplica:
    """Synthetic replica of a dataset with five folds: how it looks on disk.

    Attributes:
        name: of the dataset; every random draw hangs on it.
        official: clips of the official release by class, in the order of its label numbers.
        clips: about how many are written; classes keep their shares.
        at_least: clips of a rare class.
        folder: of a clip's frames below the root, with {key}, its number in five digits.
        file: of a frame, with {key} and {frame}, its number in five digits.
        lists: of a fold, with {fold} and {part}.
        line: of a list, made from a clip's number and class.
        head: what stands above the lines.
        end: what stands below them.
    """

    name: str
    official: Mapping[str, int]
    clips: int
    at_least: int
    folder: str
    file: str
    lists: str
    line: Callable[[int, str], str]
    head: str = ""
    end: str = ""

    def write(
        self,
        root: Path,
        pairs: Pairs,
        seed: int = 0,
        progress: Progress | None = None,
    ) -> None:
        """Write the replica into `root`; see `write_replica`."""
        counts = apportion(
            self.official,
            self.clips,
            self.at_least,
            pairs,
        )
        labels = shuffled_labels(counts, self.name, seed)
        clips = [self._plan(number, label, seed) for number, label in enumerate(labels, 1)]
        write_replica(
            root,
            clips,
            self._lists(labels),
            pairs,
            seed,
            progress,
        )

    def _plan(
        self,
        number: int,
        label: str,
        seed: int,
    ) -> ClipPlan:
        name, key = f"{self.name}/{seed}", f"{number:05d}"
        act = Performance(
            shown(label, tuple(self.official), name, key),
            f"{name}/{number // FILM}/{number % 3}",
            f"{name}/{key}",
        )
        return ClipPlan(
            self.folder.format(key=key),
            self.file.format(key=key, frame="{:05d}"),
            act,
        )

    def _lists(self, labels: Sequence[str]) -> dict[str, str]:
        """Return both lists of each fold, by their path."""
        numbers: dict[str, list[str]] = defaultdict(list)
        for number, label in enumerate(labels, 1):
            numbers[label].append(str(number))
        classes = list(self.official)
        chunks = five_chunks({classes.index(label): of_class for label, of_class in numbers.items()})

        texts = {}
        for fold, tested in enumerate(chunks, 1):
            lines: dict[str, list[str]] = {"train": [], "test": []}
            for number, label in enumerate(labels, 1):
                part = "test" if str(number) in tested else "train"
                lines[part].append(self.line(number, label))
            for part, of_part in lines.items():
                texts[self.lists.format(fold=fold, part=part)] = self.head + "\n".join(of_part) + self.end
        return texts
