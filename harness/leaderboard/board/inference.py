"""Intervals, tests of all pairs, and ranks with ties, for the rows of one table."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from harness.leaderboard.board.panel import CommonClips
from harness.statistics.measure import Measure, all_differences, uar_measure, war_measure
from harness.statistics.paired import sign_flip
from harness.statistics.resample import Outcomes, resample_uar, resample_war

TESTED = 64  # rows whose pairs are tested; more would make the correction blunt, and take minutes
SEED = 2024  # of the resamples, so that equal results give equal tables


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
        return all_differences(self.bootstrap_war)

    @cached_property
    def uar_differences(self) -> np.ndarray:
        """95 % interval of the UAR of each row minus that of each other, (2, M, M); a stratified paired bootstrap."""
        return all_differences(self.bootstrap)


def infer(panel: CommonClips, rows: Sequence[str]) -> Inference | None:
    """Test the rows that predicted every clip, best first as given; None if there is none."""
    whole = [row for row in rows if panel.whole(row)][:TESTED]
    if not whole:
        return None
    outcomes = panel.outcomes(whole)
    bootstrap, bootstrap_war = resample_uar(outcomes, seed=SEED), resample_war(outcomes, seed=SEED)
    mcnemar = _pairs(panel, whole, None)
    p_war = mcnemar if outcomes.groups is None else _pairs(panel, whole, outcomes.groups)
    return Inference(
        rows=tuple(whole),
        panel=panel,
        outcomes=outcomes,
        war=war_measure(outcomes, bootstrap_war, p_war),
        uar=uar_measure(outcomes, bootstrap, SEED),
        mcnemar=mcnemar,
        bootstrap=bootstrap,
        bootstrap_war=bootstrap_war,
    )


def _pairs(
    panel: CommonClips,
    rows: Sequence[str],
    groups: np.ndarray | None,
) -> np.ndarray:
    """Return p-values of the sign-flip test of all pairs, McNemar's where there is one seed, (M, M)."""
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
