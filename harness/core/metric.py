"""What a metric sees, and a metric as a plugin offers it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class Predictions:
    """Input of a metric. `logits` are finite or the job has failed."""

    labels: np.ndarray  # (N,) int
    logits: np.ndarray  # (N, C) float32
    classes: tuple[str, ...]

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
class MetricSpec:
    """A figure of merit. `compute` returns a fraction, or one per class by name."""

    name: str  # key in result.json: "war"
    title: str  # as printed: "WAR"
    compute: Callable[[Predictions], float | Mapping[str, float]]
    higher_is_better: bool = True
    unit: Literal["percent", "number"] = "percent"  # how tables print it; stored values are fractions
