"""Intervals, tests of all pairs, and ranks with ties, for the rows of one table."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from harness.leaderboard.board.panel import CommonClips
from harness.statistics.paired import holm, sign_flip, swap_test
from harness.statistics.power import paired_errors, smallest_difference
from harness.statistics.resample import (
    Outcomes,
    class_codes,
    percentiles,
    recalls,
    resample_uar,
    resample_war,
    sign_uar,
)
from harness.statistics.ties import tie_groups

TESTED = 64  # rows whose pairs are tested; more would make the correction blunt, and take minutes
SINGLE = 1e-6  # differences that single precision does not know
SEED = 2024  # of the resamples, so that equal results give equal tables


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


@dataclass(frozen=True)
class Inference:
    """The tests of one table. Rows are those with all predictions, in the table's order."""

    rows: tuple[str, ...]
    panel: CommonClips
    outcomes: Outcomes
    war: Measure
    uar: Measure
    mcnemar: np.ndarray = field(repr=False)  # (M, M) p-values with clips taken for independent
    bootstrap: np.ndarray = field(repr=False)  # (B, M) of UAR
    bootstrap_war: np.ndarray = field(repr=False)  # (B, M)

    @property
    def clustered(self) -> bool:
        """Whether clips come in known groups, which are drawn and swapped whole."""
        return self.outcomes.groups is not None

    @cached_property
    def war_differences(self) -> np.ndarray:
        """95 % interval of the WAR of each row minus that of each other, (2, M, M)."""
        return _all_differences(self.bootstrap_war)

    @cached_property
    def uar_differences(self) -> np.ndarray:
        """95 % interval of the UAR of each row minus that of each other, (2, M, M); a stratified paired bootstrap."""
        return _all_differences(self.bootstrap)


def infer(panel: CommonClips, rows: Sequence[str]) -> Inference | None:
    """Test the rows that predicted every clip, best first as given; None if there is none."""
    whole = [row for row in rows if panel.whole(row)][:TESTED]
    if not whole:
        return None
    outcomes = panel.outcomes(whole)
    bootstrap = resample_uar(outcomes, seed=SEED)
    bootstrap_war = resample_war(outcomes, seed=SEED)
    mcnemar = _pairs(panel, whole, None)
    p_war = (
        mcnemar
        if outcomes.groups is None
        else _pairs(
            panel,
            whole,
            outcomes.groups,
        )
    )
    classes = class_codes(outcomes.labels)
    war, uar = outcomes.right.mean(0), recalls(classes, outcomes.right).mean(0)
    p_uar = swap_test(sign_uar(outcomes, seed=SEED), uar)
    return Inference(
        tuple(whole),
        panel,
        outcomes,
        _measure(war, percentiles(bootstrap_war), p_war, _errors(outcomes, 0 * classes)),
        _measure(uar, percentiles(bootstrap), p_uar, _errors(outcomes, classes)),
        mcnemar,
        bootstrap,
        bootstrap_war,
    )


def _measure(
    values: np.ndarray,
    interval: np.ndarray,
    p: np.ndarray,
    errors: list[float],
) -> Measure:
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


def _all_differences(scores: np.ndarray) -> np.ndarray:
    rows = scores.shape[1]
    found = np.zeros((2, rows, rows))
    for first in range(rows - 1):
        ends = percentiles(scores[:, [first]] - scores[:, first + 1 :])
        found[:, first, first + 1 :] = ends
        found[:, first + 1 :, first] = -ends[::-1]
    return found


def _pairs(
    panel: CommonClips,
    rows: Sequence[str],
    groups: np.ndarray | None,
) -> np.ndarray:
    """p-values of the sign-flip test of all pairs, McNemar's where there is one seed, (M, M)."""
    hits = [panel.hits(row).astype(np.int64) for row in rows]
    seeds = [len(panel.predicted[row]) for row in rows]
    p = np.ones((len(rows), len(rows)))
    for a in range(len(rows)):
        for b in range(a):
            common = math.gcd(seeds[a], seeds[b])
            difference = hits[a] * (seeds[b] // common) - hits[b] * (seeds[a] // common)
            if groups is not None:
                difference = np.bincount(groups, weights=difference).astype(np.int64)
            p[a, b] = p[b, a] = sign_flip(difference)
    return p


def _errors(outcomes: Outcomes, classes: np.ndarray) -> list[float]:
    """Standard errors of differences; of a lone row, of one against its equal that errs independently.

    Args: the classes that the score averages over; one for WAR.
    """
    sizes = np.bincount(classes)
    fractions = recalls(classes, outcomes.right)
    worth = (outcomes.right - fractions[classes]) / (sizes[classes] * len(sizes))[:, None]
    if worth.shape[1] > 1:
        return list(paired_errors(_grouped(worth, outcomes.groups)))
    return [float(np.sqrt(2 * (_grouped(worth, outcomes.groups) ** 2).sum()))]


def _grouped(worth: np.ndarray, groups: np.ndarray | None) -> np.ndarray:
    """What each unit adds to the score, (U, M)."""
    if groups is None:
        return worth
    sums = np.zeros((int(groups.max()) + 1, worth.shape[1]))
    np.add.at(sums, groups, worth)
    return sums
