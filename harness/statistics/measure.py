"""WAR or UAR of all rows of a table: intervals, tests of all pairs, ranks, and what the test set can show."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from harness.statistics.paired import holm, swap_test
from harness.statistics.power import covariance_of_units, smallest_difference
from harness.statistics.resample import Outcomes, class_codes, percentiles, recalls, sign_uar
from harness.statistics.ties import ALPHA, tie_groups
from harness.statistics.trainings import Error, Trainings, error_of, run_to_run

SINGLE = 1e-6  # below float32 resolution

# What intervals and tests hold for: methods, trained again; or the trained models at hand, of which a method has one.
Level = Literal["methods", "trained models"]


@dataclass(frozen=True)
class Measure:
    """WAR or UAR of M rows, pooled over folds, as fractions.

    Attributes:
        values: (M,).
        low: (M,) of the 95 % interval: over clips and trainings, or over clips alone where a row has one training.
        high: (M,) likewise.
        p: (M, M) two-sided; NaN where one of the two has one training, unless all have: then for trained models.
        adjusted: (M, M) by Holm, over all pairs of the table that are tested.
        differences: (2, M, M) ends of the 95 % interval of each row minus each other.
        ranks: equal for rows that the tests cannot tell apart from the best of their group.
        rank_low: 1 and the number of rows that are significantly better.
        rank_high: M less the number of rows that are significantly worse.
        smallest: the smallest difference that these clips and trainings show with 80 % power, of one pair alone.
        smallest_of_all: the same of a pair among all of the table, after Holm's correction.
        level: what p stands for.
        trainings: of each row.
        tau: run-to-run spread of the score of a fold, beyond that of single clips; NaN if nothing tells it.
    """

    values: np.ndarray
    low: np.ndarray
    high: np.ndarray
    p: np.ndarray
    adjusted: np.ndarray
    differences: np.ndarray
    ranks: list[int]
    rank_low: list[int]
    rank_high: list[int]
    smallest: float
    smallest_of_all: float
    level: Level
    trainings: Sequence[Trainings]
    tau: float


def war_measure(
    outcomes: Outcomes,
    bootstrap: np.ndarray,
    p: np.ndarray,
    trainings: Sequence[Trainings],
    share: np.ndarray,
) -> Measure:
    """Return WAR, which averages over clips.

    Args:
        outcomes: of the rows.
        bootstrap: its resamples, (B, M).
        p: of the pairs, with the trained models taken as given, (M, M).
        trainings: of each row, as they spread its WAR.
        share: part of the score that each fold makes up, (F,).
    """
    one_class = np.zeros_like(class_codes(outcomes.labels))
    values = outcomes.right.mean(0)
    return _measure(
        values,
        bootstrap,
        p,
        _over_units(outcomes, one_class),
        trainings,
        share,
    )


def uar_measure(
    outcomes: Outcomes,
    bootstrap: np.ndarray,
    seed: int,
    trainings: Sequence[Trainings],
    share: np.ndarray,
) -> Measure:
    """Return UAR, which averages over classes, with its resamples (B, M); a swap test compares its pairs."""
    classes = class_codes(outcomes.labels)
    values = recalls(classes, outcomes.right).mean(0)
    p = swap_test(sign_uar(outcomes, seed=seed), values)
    return _measure(
        values,
        bootstrap,
        p,
        _over_units(outcomes, classes),
        trainings,
        share,
    )


def all_differences(scores: np.ndarray) -> np.ndarray:
    """Return the 95 % interval of each row minus each other, (2, M, M), of resamples (B, M)."""
    rows = scores.shape[1]
    found = np.zeros((2, rows, rows))
    for first in range(rows - 1):
        ends = percentiles(scores[:, [first]] - scores[:, first + 1 :])
        found[:, first, first + 1 :] = ends
        found[:, first + 1 :, first] = -ends[::-1]
    return found


@dataclass(frozen=True)
class _Units:
    """Covariance (M, M) of the scores over units, clips or groups of clips, and how many units there are."""

    covariance: np.ndarray
    count: int

    def of_pair(self, a: int, b: int) -> float:
        """Return the variance of a difference over units."""
        spread = np.diag(self.covariance)
        return float(max(spread[a] + spread[b] - 2 * self.covariance[a, b], 0))


def _measure(
    values: np.ndarray,
    bootstrap: np.ndarray,
    p: np.ndarray,
    units: _Units,
    trainings: Sequence[Trainings],
    share: np.ndarray,
) -> Measure:
    pairs = list(itertools.combinations(range(len(values)), 2))
    known = np.array([one.known for one in trainings])
    tested = [(a, b) for a, b in pairs if known[a] and known[b]]
    level: Level = "methods" if tested or (not pairs and known.all()) else "trained models"
    errors = {(a, b): error_of(units.of_pair(a, b), units.count, [trainings[a], trainings[b]]) for a, b in pairs}

    # Pairs: both tests have to be passed, that of the trained models and that of the methods.
    whole = level == "methods" and len(tested) == len(pairs)  # then no interval of the bootstrap is left
    differences = np.zeros((2, *p.shape)) if whole else all_differences(bootstrap)
    if level == "methods":
        p = _of_methods(
            values,
            p,
            {pair: errors[pair] for pair in tested},
        )
        for a, b in tested:
            gap, reach = values[a] - values[b], errors[a, b].reach
            differences[:, a, b], differences[:, b, a] = (gap - reach, gap + reach), (-gap - reach, -gap + reach)
    adjusted = _adjusted(p)
    better, worse = _told_apart(values, adjusted)

    # Rows, each alone.
    low, high = _intervals(values, bootstrap, units, trainings)
    alone = list(errors.values()) or [error_of(2 * float(units.covariance[0, 0]), units.count, [trainings[0]] * 2)]
    return Measure(
        values=values,
        low=low,
        high=high,
        p=p,
        adjusted=adjusted,
        differences=differences,
        ranks=_ranks(values, adjusted),
        rank_low=(1 + better).tolist(),
        rank_high=(len(values) - worse).tolist(),
        smallest=smallest_difference(alone),
        smallest_of_all=smallest_difference(alone, alpha=ALPHA / max(len(pairs), 1)),
        level=level,
        trainings=trainings,
        tau=run_to_run(trainings, share),
    )


def _of_methods(
    values: np.ndarray,
    p: np.ndarray,
    errors: dict[tuple[int, int], Error],
) -> np.ndarray:
    """Return p-values that hold for methods, (M, M): of the two tests the larger; NaN where there is none."""
    found = np.full_like(p, np.nan)
    np.fill_diagonal(found, 1.0)
    for (a, b), error in errors.items():
        found[a, b] = found[b, a] = max(p[a, b], error.p(float(values[a] - values[b])))
    return found


def _adjusted(p: np.ndarray) -> np.ndarray:
    """Return p-values (M, M) by Holm over the pairs that are tested."""
    adjusted = np.where(np.isnan(p), np.nan, 1.0)
    rows, columns = np.triu_indices(len(p), 1)
    tested = ~np.isnan(p[rows, columns])
    rows, columns = rows[tested], columns[tested]
    adjusted[rows, columns] = adjusted[columns, rows] = holm(p[rows, columns])
    return adjusted


def _told_apart(values: np.ndarray, adjusted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return how many rows are significantly better, and how many worse, than each, (M,) and (M,)."""
    apart = np.nan_to_num(adjusted, nan=1.0) < ALPHA
    gaps = values[:, None] - values
    return (apart & (gaps < 0)).sum(1), (apart & (gaps > 0)).sum(1)


def _ranks(values: np.ndarray, adjusted: np.ndarray) -> list[int]:
    order = np.argsort(-values, kind="stable")
    ranks = np.empty(len(values), dtype=int)
    ranks[order] = tie_groups(adjusted[np.ix_(order, order)])
    found: list[int] = ranks.tolist()
    return found


def _intervals(
    values: np.ndarray,
    bootstrap: np.ndarray,
    units: _Units,
    trainings: Sequence[Trainings],
) -> np.ndarray:
    """Return ends of the intervals of rows, (2, M): of the bootstrap over clips, or wider where trainings add to it."""
    ends = percentiles(bootstrap)
    ends = np.where(
        np.abs(ends - values) < SINGLE,
        values,
        ends,
    )
    for row, one in enumerate(trainings):
        if one.seeds > 1:
            spread = float(bootstrap[:, row].var(ddof=1))
            reach = error_of(spread, units.count, [one]).reach
            ends[:, row] = min(ends[0, row], values[row] - reach), max(ends[1, row], values[row] + reach)
    return np.asarray(np.clip(ends, 0, 1))


def _over_units(outcomes: Outcomes, classes: np.ndarray) -> _Units:
    """Return how scores vary over units. Args: the classes that the score averages over; one for WAR."""
    sizes = np.bincount(classes)
    fractions = recalls(classes, outcomes.right)
    worth = (outcomes.right - fractions[classes]) / (sizes[classes] * len(sizes))[:, None]
    grouped = _grouped(worth, outcomes.groups)
    return _Units(covariance_of_units(grouped), len(grouped))


def _grouped(worth: np.ndarray, groups: np.ndarray | None) -> np.ndarray:
    """Return what each unit adds to the score, (U, M)."""
    if groups is None:
        return worth
    sums = np.zeros((int(groups.max()) + 1, worth.shape[1]))
    np.add.at(sums, groups, worth)
    return sums
