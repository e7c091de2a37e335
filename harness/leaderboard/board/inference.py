"""Intervals, tests of all pairs, and ranks with ties, for the rows of one table."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from harness.leaderboard.board.panel import CommonClips
from harness.statistics.measure import Level, Measure, uar_measure, war_measure
from harness.statistics.paired import sign_flip
from harness.statistics.ranks import rank_columns
from harness.statistics.resample import Outcomes, class_codes, resample_uar, resample_war
from harness.statistics.trainings import Trainings, trainings

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
    mcnemar: np.ndarray = field(repr=False)  # (M, M) p-values with clips taken for independent, of trained models
    bootstrap: np.ndarray = field(repr=False)  # (B, M) of UAR
    bootstrap_war: np.ndarray = field(repr=False)  # (B, M)

    @property
    def clustered(self) -> bool:
        """Whether clips come in known groups, which are drawn and swapped whole."""
        return self.outcomes.groups is not None

    @property
    def level(self) -> Level:
        """What tests hold for: methods, or, where each was trained once, these trained models."""
        return self.war.level

    @cached_property
    def resampled_ranks(self) -> np.ndarray:
        """Ranks by WAR in resamples of clips and of trainings, (B, M); of a row with one training of clips only."""
        rng = np.random.default_rng([SEED, len(self.panel.ids)])  # trainings on two datasets are two draws
        spread = [max(0.0, one.shared) ** 0.5 for one in self.war.trainings]
        scores = self.bootstrap_war + rng.standard_normal(self.bootstrap_war.shape) * spread
        return rank_columns(-scores)


def infer(
    panel: CommonClips,
    rows: Sequence[str],
    untrained: Collection[str] = (),
) -> Inference | None:
    """Test the rows that predicted every clip; None if there is none.

    Args:
        panel: what they predicted.
        rows: best first.
        untrained: rows of which nothing is trained, so that a seed makes no difference.
    """
    whole = [row for row in rows if panel.whole(row)][:TESTED]
    if not whole:
        return None
    outcomes = panel.outcomes(whole)
    bootstrap, bootstrap_war = resample_uar(outcomes, seed=SEED), resample_war(outcomes, seed=SEED)
    mcnemar = _pairs(panel, whole, None)
    p_war = mcnemar if outcomes.groups is None else _pairs(panel, whole, outcomes.groups)

    # What each clip is worth to a score, and what trainings make of it.
    classes = class_codes(outcomes.labels)
    worth_war = np.full(len(classes), 1 / len(classes))
    worth_uar = (1 / np.bincount(classes) / (classes.max() + 1))[classes]
    folds = np.unique(panel.folds, return_inverse=True)[1]
    spreads = [
        [_trainings(panel, row, folds, outcomes.groups, worth, row in untrained) for row in whole]
        for worth in (worth_war, worth_uar)
    ]
    shares = [np.bincount(folds, worth) for worth in (worth_war, worth_uar)]
    return Inference(
        rows=tuple(whole),
        panel=panel,
        outcomes=outcomes,
        war=war_measure(outcomes, bootstrap_war, p_war, spreads[0], shares[0]),
        uar=uar_measure(outcomes, bootstrap, SEED, spreads[1], shares[1]),
        mcnemar=mcnemar,
        bootstrap=bootstrap,
        bootstrap_war=bootstrap_war,
    )


def _trainings(
    panel: CommonClips,
    row: str,
    folds: np.ndarray,
    units: np.ndarray | None,
    worth: np.ndarray,
    untrained: bool,
) -> Trainings:
    predicted = panel.predicted[row]  # (S, N)
    alike = bool((predicted == predicted[0]).all())
    return trainings(
        (predicted == panel.labels) * worth,
        folds,
        units,
        trained=not (untrained and alike),
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
