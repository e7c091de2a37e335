"""What a metric sees, and a metric as a plugin offers it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class Predictions:
    """Input of a metric: arrays of its own, which cannot be written to. `logits` are finite or the job has failed.

    Attributes:
        labels: (N,) int, index of the true class.
        logits: (N, C) float32.
        classes: names, in the order of the logits.
        ids: of the clips.
        groups: subject, scene or film of each clip, "" where the dataset knows none.
        frames: number of frames of each clip on disk.

    The last three are empty where clips of all folds are pooled and nobody kept them.
    """

    labels: np.ndarray
    logits: np.ndarray
    classes: tuple[str, ...]
    ids: Sequence[str] = ()
    groups: Sequence[str] = ()
    frames: Sequence[int] = ()

    @cached_property
    def predicted(self) -> np.ndarray:
        """(N,) index of the largest logit."""
        largest: np.ndarray = self.logits.argmax(axis=1)
        return largest

    @cached_property
    def confidence(self) -> np.ndarray:
        """(N,) largest softmax probability, in float64: a sum in float32 moves clips between bins of confidence."""
        import numpy as np

        exact = self.logits.T.astype(np.float64, order="C")  # (C, N), so that sums do not depend on the layout
        exponentials = np.exp(exact - exact.max(axis=0))  # the largest is 1
        highest: np.ndarray = 1 / exponentials.sum(axis=0)
        return highest


@dataclass(frozen=True)
class Interval:
    """A value with the ends of its interval, as fractions; stored as `NAME`, `NAME.low` and `NAME.high`.

    Of one that is a value per class: as `NAME.CLASS`, `NAME.CLASS.low` and `NAME.CLASS.high`.
    """

    value: float
    low: float
    high: float


Figure = float | Interval | Mapping[str, float | Interval]


@dataclass(frozen=True)
class MetricSpec:
    """A figure of merit. `compute` returns a fraction, one with an interval, or one per class or group by name."""

    name: str  # key in result.json: "war"
    title: str  # as printed: "WAR"
    compute: Callable[[Predictions], Figure]
    higher_is_better: bool = True
    unit: Literal["percent", "number"] = "percent"  # how tables print it; stored values are fractions
    version: str = "1"  # raised when a change alters values; stored with them, and rows of different ones say so
