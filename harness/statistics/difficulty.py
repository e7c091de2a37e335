"""Which clips are hard: those that no method names rightly, and how difficulty goes with class and length."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

LENGTHS = (16, 32, 64)  # frames at which a bin of lengths begins


@dataclass(frozen=True)
class Part:
    """Some of the clips: how many, the mean share of them that methods get right, and those that none gets right."""

    name: str
    clips: int
    right: float
    never: int


@dataclass(frozen=True)
class Difficulty:
    """The outcomes of M methods on each of N clips.

    Attributes:
        labels: (N,) index of the class.
        frames: (N,) frames of a clip, 0 where not known.
        right: (N, M) share of a method's seeds that named a clip rightly.
        guesses: (N, M) index of the class that most seeds of a method named.
        classes: names in label order.
    """

    labels: np.ndarray
    frames: np.ndarray
    right: np.ndarray
    guesses: np.ndarray
    classes: Sequence[str]

    @cached_property
    def share(self) -> np.ndarray:
        """Mean share of methods that get each clip right, (N,)."""
        return np.asarray(self.right.mean(1))

    @cached_property
    def never(self) -> np.ndarray:
        """Whether no seed of any method gets a clip right, (N,)."""
        return np.asarray((self.right == 0).all(1))

    def hardest(self) -> np.ndarray:
        """Return the places of all clips, the hardest first; of equally hard ones those that methods agree on, (N,)."""
        agreed = (self.guesses == self.usual[:, None]).mean(1)
        return np.lexsort((np.arange(len(self.share)), -agreed, self.share))

    @cached_property
    def usual(self) -> np.ndarray:
        """The class that most methods name for each clip, the first of equals, (N,)."""
        votes = np.stack([(self.guesses == label).sum(1) for label in range(len(self.classes))])
        return np.asarray(votes.argmax(0))

    def by_class(self) -> list[Part]:
        """Return the clips of each class that has any."""
        found = [self._part(name, self.labels == label) for label, name in enumerate(self.classes)]
        return [part for part in found if part.clips]

    def by_length(self) -> list[Part]:
        """Return the clips by their number of frames; those of unknown length have a part of their own."""
        edges = [1, *LENGTHS]
        names = [
            f"{low} to {high - 1} frames"
            for low, high in zip(
                edges,
                LENGTHS,
                strict=False,
            )
        ]
        names = ["length not known", *names, f"{edges[-1]} frames and more"]
        place = np.digitize(self.frames, edges)
        found = [self._part(name, place == number) for number, name in enumerate(names)]
        return [part for part in found if part.clips]

    def agreement(self) -> np.ndarray:
        """Return the share of clips that two methods give the same class, (M, M)."""
        same = self.guesses[:, :, None] == self.guesses[:, None, :]
        return np.asarray(same.mean(0))

    def _part(
        self,
        name: str,
        inside: np.ndarray,
    ) -> Part:
        clips = int(inside.sum())
        right = float(self.share[inside].mean()) if clips else 0.0
        return Part(
            name,
            clips,
            right,
            int(self.never[inside].sum()),
        )


def mean_agreement(agreement: np.ndarray) -> float | None:
    """Return the mean over all pairs of methods; None for one method. Args: (M, M)."""
    pairs = agreement[np.triu_indices(len(agreement), 1)]
    return float(pairs.mean()) if len(pairs) else None


def most_named(
    predicted: np.ndarray,
    classes: int,
) -> np.ndarray:
    """Return the class that most seeds gave each clip, the first of equals, (N,). Args: (S, N), index of the class."""
    votes = np.stack([(predicted == label).sum(0) for label in range(classes)])
    return np.asarray(votes.argmax(0))
