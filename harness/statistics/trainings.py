"""How much a score depends on the training: spread over seeds within folds, and tests that hold for methods.

A score of a method is that of a few trainings on some clips. Both are draws: of clips like these, and of trainings like
these. A test that takes the trained models as given calls two equal methods different as soon as their trainings
differ; see Bouthillier et al., "Accounting for Variance in Machine Learning Benchmarks", MLSys 2021.

What a training adds to the score of a method is estimated from its seeds. In fold f the score of seed s is T_fs, the
sum of what each unit (a clip, or a film whose clips are drawn together) is worth to it. Its variance over seeds, W_f,
holds what all clips of the fold share, and the noise of single units, q_f, which the spread over units holds already.
So the variance of the mean over S seeds is that over units plus the sum over folds of (W_f - q_f) / S.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

# Few trainings understate how unequal two spreads are, so that Satterthwaite's degrees of freedom come out too many:
# with three seeds, one fold and spreads of 1 to 3, 6.3 % of equal methods would be called different at 5 %. The part
# of the degrees of freedom that is taken off; with several folds there is less to be cautious of.
CAUTION = 0.3


@dataclass(frozen=True)
class Trainings:
    """Spread of a score, a fraction, over the trainings of one method, fold by fold.

    Attributes:
        spread: W_f, (F,), variance over seeds of what each fold adds to the score.
        noise: q_f, (F,), the part of it that is of single units.
        seeds: S; 0 of a method that is not trained, and so the same each time.
    """

    spread: np.ndarray
    noise: np.ndarray
    seeds: int

    @property
    def known(self) -> bool:
        """Whether the spread can be told: two trainings a fold, or none that could differ."""
        return self.seeds != 1

    @property
    def shared(self) -> float:
        """Variance that trainings add to the mean over seeds, beyond that of single units; may come out below 0."""
        return float((self.spread - self.noise).sum() / self.seeds) if self.seeds > 1 else 0.0

    @property
    def uncertainty(self) -> float:
        """Sum over folds of (W_f / S)^2 / (S - 1): Satterthwaite's weight of these estimates."""
        if self.seeds < 2:
            return 0.0
        return float(((self.spread / self.seeds) ** 2).sum() / (self.seeds - 1))


def trainings(
    worth: np.ndarray,
    folds: np.ndarray,
    units: np.ndarray | None,
    *,
    trained: bool = True,
) -> Trainings:
    """Return the spread of a score over the trainings of one method.

    Args:
        worth: what each clip adds to the score of each seed, (S, N).
        folds: number of the fold of each clip from 0, (N,); each was predicted by trainings of its own.
        units: number of the unit of each clip from 0, (N,); None: each clip is one.
        trained: False: nothing of it is trained, so that a seed makes no difference.
    """
    count = int(folds.max()) + 1
    if not trained or len(worth) < 2:
        return Trainings(
            np.zeros(count),
            np.zeros(count),
            len(worth) if trained else 0,
        )
    of_folds = np.stack([np.bincount(folds, seed, count) for seed in worth])  # (S, F)
    if units is None:
        noise = np.bincount(
            folds,
            worth.var(axis=0, ddof=1),
            count,
        )
    else:
        cells, places = np.unique(folds * (int(units.max()) + 1) + units, return_inverse=True)
        sums = np.stack([np.bincount(places, seed, len(cells)) for seed in worth])  # (S, cells)
        noise = np.bincount(
            cells // (int(units.max()) + 1),
            sums.var(axis=0, ddof=1),
            count,
        )
    return Trainings(
        of_folds.var(axis=0, ddof=1),
        noise,
        len(worth),
    )


@dataclass(frozen=True)
class Error:
    """Standard error of an estimate, with the degrees of freedom of Student's t."""

    size: float
    freedom: float

    @property
    def reach(self) -> float:
        """Half of the 95 % interval."""
        return self.size * self.quantile(0.975)

    def quantile(self, level: float) -> float:
        """Return the quantile of Student's t."""
        return float(special.stdtrit(self.freedom, level))

    def p(self, estimate: float) -> float:
        """Return the two-sided p-value of an estimate whose truth is 0."""
        if not self.size:
            return float(estimate == 0)
        return float(2 * special.stdtr(self.freedom, -abs(estimate) / self.size))


def error_of(
    over_units: float,
    units: int,
    methods: Sequence[Trainings],
) -> Error:
    """Return the error of a score, or of the difference of two, over units and trainings together.

    Degrees of freedom by Satterthwaite, "An approximate distribution of estimates of variance components", 1946, with
    some caution where they rest on few trainings.

    Args:
        over_units: variance of the mean over seeds, or of its difference, over units alone.
        units: their number.
        methods: the trainings behind it, of one method or two; each `known`.
    """
    variance = over_units + max(0.0, sum(one.shared for one in methods))
    caution = 1 + CAUTION / len(methods[0].spread)
    weight = over_units**2 / max(units - 1, 1) + caution * sum(one.uncertainty for one in methods)
    return Error(float(np.sqrt(variance)), variance**2 / weight if weight else float(max(units - 1, 1)))


def repetition_reach(method: Trainings) -> float:
    """Return how far from the mean of S trainings one more lies in 95 of 100 cases, on the same clips.

    A prediction interval: the whole spread over trainings counts, that of single clips included, and once more for the
    one to come. 0 for a method that is not trained; NaN where one training a fold tells nothing.
    """
    if method.seeds == 0:
        return 0.0
    if method.seeds < 2:
        return float("nan")
    variance = float(method.spread.sum())
    if not variance:
        return 0.0
    freedom = variance**2 / float((method.spread**2).sum() / (method.seeds - 1))
    return Error(float(np.sqrt(variance * (1 + 1 / method.seeds))), freedom).reach


def run_to_run(methods: Sequence[Trainings], share: np.ndarray) -> float:
    """Return tau, the standard deviation of a fold's score from training to training, pooled over folds and methods.

    What single clips add by chance is left out: it is the spread that stays with more clips. NaN if no method has two
    trainings a fold.

    Args:
        methods: of one table.
        share: part of the score that each fold makes up, (F,).
    """
    found = [(one.spread - one.noise) / share**2 for one in methods if one.seeds > 1]
    return float(np.sqrt(max(0.0, float(np.mean(found))))) if found else float("nan")
