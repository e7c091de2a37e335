"""WAR or UAR of all rows of a table: intervals, tests of all pairs, ranks with ties, and what the test set can show."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from harness.statistics.paired import holm, swap_test
from harness.statistics.power import paired_errors, smallest_difference
from harness.statistics.resample import Outcomes, class_codes, percentiles, recalls, sign_uar
from harness.statistics.ties import tie_groups

SINGLE = 1e-6  # below float32 resolution


@dataclass(frozen=True)
class Measure:
    """WAR or UAR of M rows, pooled over folds, as fractions."""

    values: np.ndarray  # (M,)
    low: np.ndarray  # (M,) of the 95 % interval
    high: np.ndarray  # (M,)
    p: np.ndarray  # (M, M) two-sided, of the paired test
    adjusted: np.ndarray  # (M, M) by Holm, over all pairs of the table
    ranks: list[int]  # equal for rows that the test set cannot tell apart
    smallest: float  # the smallest difference that this test set shows with 80 % power


def war_measure(
    outcomes: Outcomes,
    bootstrap: np.ndarray,
    p: np.ndarray,
) -> Measure:
    """Return WAR, which averages over clips, with its resamples (B, M) and the p-values (M, M) of its pairs."""
    one_class = np.zeros_like(class_codes(outcomes.labels))
    return _measure(
        outcomes.right.mean(0),
        bootstrap,
        p,
        _errors(outcomes, one_class),
    )


def uar_measure(
    outcomes: Outcomes,
    bootstrap: np.ndarray,
    seed: int,
) -> Measure:
    """Return UAR, which averages over classes, with its resamples (B, M); a swap test compares its pairs."""
    classes = class_codes(outcomes.labels)
    values = recalls(classes, outcomes.right).mean(0)
    p = swap_test(sign_uar(outcomes, seed=seed), values)
    return _measure(values, bootstrap, p, _errors(outcomes, classes))


def all_differences(scores: np.ndarray) -> np.ndarray:
    """Return the 95 % interval of each row minus each other, (2, M, M), of resamples (B, M)."""
    rows = scores.shape[1]
    found = np.zeros((2, rows, rows))
    for first in range(rows - 1):
        ends = percentiles(scores[:, [first]] - scores[:, first + 1 :])
        found[:, first, first + 1 :] = ends
        found[:, first + 1 :, first] = -ends[::-1]
    return found


def _measure(
    values: np.ndarray,
    bootstrap: np.ndarray,
    p: np.ndarray,
    errors: list[float],
) -> Measure:
    interval = percentiles(bootstrap)
    upper = np.triu_indices(len(values), 1)
    adjusted = np.ones_like(p)
    adjusted[upper] = holm(p[upper])
    adjusted = np.minimum(adjusted, adjusted.T)
    order = np.argsort(-values, kind="stable")
    ranks = np.empty(len(values), dtype=int)
    ranks[order] = tie_groups(adjusted[np.ix_(order, order)])
    low, high = np.clip(
        np.where(np.abs(interval - values) < SINGLE, values, interval),
        0,
        1,
    )
    return Measure(
        values,
        low,
        high,
        p,
        adjusted,
        ranks.tolist(),
        smallest_difference(errors),
    )


def _errors(outcomes: Outcomes, classes: np.ndarray) -> list[float]:
    """Return standard errors of differences; of a lone row, of one against its equal that errs independently.

    Args: the classes that the score averages over; one for WAR.
    """
    sizes = np.bincount(classes)
    fractions = recalls(classes, outcomes.right)
    worth = (outcomes.right - fractions[classes]) / (sizes[classes] * len(sizes))[:, None]
    if worth.shape[1] > 1:
        return list(paired_errors(_grouped(worth, outcomes.groups)))
    return [float(np.sqrt(2 * (_grouped(worth, outcomes.groups) ** 2).sum()))]


def _grouped(worth: np.ndarray, groups: np.ndarray | None) -> np.ndarray:
    """Return what each unit adds to the score, (U, M)."""
    if groups is None:
        return worth
    sums = np.zeros((int(groups.max()) + 1, worth.shape[1]))
    np.add.at(sums, groups, worth)
    return sums
