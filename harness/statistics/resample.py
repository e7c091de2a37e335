"""The bootstrap over test clips, for all methods at once.

A resample of a test set is a vector of multinomial counts, one a unit: a clip, or a group of clips that share a film or
a subject. WAR and UAR are ratios of sums over units, so one matrix product gives them for every method, and all pairs
of methods are paired, since they see the same resamples.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

RESAMPLES = 5_000
LEVEL = 0.95
CHUNK = 500_000  # draws held at once by a thread, about 25 MB; the result depends on it, not on the threads
THREADS = min(4, os.cpu_count() or 1)

Score = Callable[[np.ndarray, np.ndarray], np.ndarray]  # weights of right outcomes, and of clips, (b, U) -> (b, M)
# Units of each stratum, and how many weightings of them to draw -> such weights.
Weigh = Callable[[np.ndarray, int, np.random.Generator], tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True)
class Outcomes:
    """Outcomes of M methods on the N clips of one test set.

    `right` holds, for each clip and method, the fraction of seeds that named its class: 0 or 1 with one seed.
    `groups` numbers the film or subject of each clip from 0, None where they are not known.
    """

    labels: np.ndarray  # (N,) int, the true class
    right: np.ndarray  # (N, M) float
    groups: np.ndarray | None = None  # (N,) int

    def keep(self, columns: list[int]) -> Outcomes:
        """Return the same clips with these methods only."""
        return Outcomes(
            self.labels,
            self.right[:, columns],
            self.groups,
        )


def recalls(labels: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Return recall of each class that has clips, (C, M)."""
    codes = class_codes(labels)
    return (
        _sums(
            codes,
            int(codes.max()) + 1,
            right,
        )
        / np.bincount(codes)[:, None]
    )


def class_codes(labels: np.ndarray) -> np.ndarray:
    """Return the classes that have clips, numbered from 0 without gaps, (N,)."""
    return np.asarray(np.unique(labels, return_inverse=True)[1])


def percentiles(values: np.ndarray, level: float = LEVEL) -> np.ndarray:
    """Return lower and upper end of the middle `level` of B values along the first axis, (2, ...)."""
    return np.asarray(np.quantile(values, [(1 - level) / 2, (1 + level) / 2], axis=0))


def resample_war(
    outcomes: Outcomes,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> np.ndarray:
    """Return accuracy of B bootstrap samples of clips, or of groups where they are known, (B, M)."""
    return _scores(
        outcomes,
        np.zeros(len(outcomes.labels), dtype=np.intp),
        _draw,
        resamples,
        seed,
    )


def resample_uar(
    outcomes: Outcomes,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> np.ndarray:
    """Return UAR of B bootstrap samples, stratified by class: each has as many clips of a class as the test set, (B,
    M).

    Known groups are drawn whole, so that the number of clips of a class varies, as it does between sets of films.
    """
    return _scores(
        outcomes,
        class_codes(outcomes.labels),
        _draw,
        resamples,
        seed,
    )


def sign_uar(
    outcomes: Outcomes,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> np.ndarray:
    """Return UAR with the outcomes of each clip, or group, signed at random, (B, M).

    Differences between columns are those of the test set with the two methods of each unit swapped at even odds: what
    chance makes of two methods that are equally good.
    """
    return _scores(
        outcomes,
        class_codes(outcomes.labels),
        _sign,
        resamples,
        seed,
    )


def _scores(
    outcomes: Outcomes,
    classes: np.ndarray,
    weigh: Weigh,
    resamples: int,
    seed: int,
) -> np.ndarray:
    """Return the mean over `classes` of the fraction right, with units weighted at random within strata."""
    if outcomes.groups is None:
        order = np.argsort(classes, kind="stable")
        sizes, score = np.bincount(classes), _score_of_clips(outcomes.right[order], classes[order])
    else:
        sizes = np.array([outcomes.groups.max() + 1])
        score = _score_of_groups(outcomes.right, classes, outcomes.groups)
    step = max(1, CHUNK // int(sizes.sum()))
    chunks = [min(step, resamples - start) for start in range(0, resamples, step)]
    seeds = np.random.SeedSequence(seed).spawn(len(chunks))

    def run(size: int, stream: np.random.SeedSequence) -> np.ndarray:
        return score(*weigh(sizes, size, np.random.default_rng(stream)))

    with ThreadPoolExecutor(THREADS) as threads:
        return np.concatenate(list(threads.map(run, chunks, seeds)))


def _draw(
    sizes: np.ndarray,
    resamples: int,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    counts = multinomial_counts(sizes, resamples, rng)
    return counts, counts


def _sign(
    sizes: np.ndarray,
    resamples: int,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    shape = (resamples, int(sizes.sum()))
    signs = (
        rng.integers(
            0,
            2,
            shape,
            dtype=np.int8,
        ).astype(np.float32)
        * 2
        - 1
    )
    return signs, np.ones((1, shape[1]), dtype=np.float32)


def multinomial_counts(
    sizes: np.ndarray,
    resamples: int,
    rng: np.random.Generator,
) -> np.ndarray:
    """Return how often each unit is drawn, (b, U), if each stratum is drawn as often as it has units.

    Args: units of each stratum; the strata stand one after the other.
    """
    return np.concatenate(
        [_stratum(int(units), resamples, rng) for units in sizes],
        axis=1,
        dtype=np.float32,
    )


def _stratum(
    units: int,
    resamples: int,
    rng: np.random.Generator,
) -> np.ndarray:
    cells = rng.integers(
        0,
        units,
        (resamples, units),
        dtype=np.int32,
    ).astype(np.intp)
    cells += np.arange(resamples)[:, None] * units
    return np.bincount(cells.ravel(), minlength=resamples * units).reshape(resamples, units)


def _score_of_clips(right_of_clips: np.ndarray, classes: np.ndarray) -> Score:
    """Score resamples of clips: classes keep their sizes, so the score is linear in the counts."""
    sizes = np.bincount(classes)
    worth = (right_of_clips / sizes[classes, None] / len(sizes)).astype(np.float32)  # (N, M)
    return lambda right, clips: right @ worth


def _score_of_groups(
    right: np.ndarray,
    classes: np.ndarray,
    groups: np.ndarray,
) -> Score:
    """Score resamples of groups: the fraction right in each class is a ratio of two sums over those drawn."""
    count, units, methods = int(classes.max()) + 1, int(groups.max()) + 1, right.shape[1]
    cells = groups * count + classes
    hits = (
        _sums(
            cells,
            units * count,
            right,
        )
        .reshape(units, count * methods)
        .astype(np.float32)
    )
    sizes = np.bincount(cells, minlength=units * count).reshape(units, count).astype(np.float32)

    def score(right: np.ndarray, clips: np.ndarray) -> np.ndarray:
        sums = (right @ hits).reshape(
            len(right),
            count,
            methods,
        )
        drawn = (clips @ sizes)[:, :, None]  # (b, C, 1)
        fractions = np.divide(
            sums,
            drawn,
            out=np.zeros_like(sums),
            where=drawn > 0,
        )
        return np.asarray(fractions.sum(1) / (drawn > 0).sum(1))

    return score


def _sums(
    codes: np.ndarray,
    count: int,
    values: np.ndarray,
) -> np.ndarray:
    """Add up rows of `values` (N, M) by code, (count, M)."""
    sums = np.zeros((count, values.shape[1]))
    np.add.at(sums, codes, values)
    return sums
