"""Is one method better than another on the same clips? Two-sided p-values, and Holm's correction for asking often."""

from __future__ import annotations

import numpy as np
from scipy import fft, special

TINY = 1e-12  # p-values below this are noise of the transform
SLACK = 1e-6  # two scores that single precision cannot tell apart
FEW = 10  # resamples that make no tail


def mcnemar(only_a: int, only_b: int) -> float:
    """Apply McNemar's test with mid-p: twice the tail of Bin(a + b, 1/2), with half the weight of what was seen.

    Args: clips that only the first, and only the second method named rightly. Lancaster, "Significance tests in
    discrete distributions", 1961; recommended over the exact and the asymptotic test by Fagerland et al., "The
    McNemar test for binary matched-pairs data: mid-p and asymptotic are better than exact conditional", 2013.
    """
    few, total = min(only_a, only_b), only_a + only_b
    below = special.bdtr(few - 1, total, 0.5) if few else 0.0
    return float(min(1.0, special.bdtr(few, total, 0.5) + below))


def sign_flip(differences: np.ndarray) -> float:
    """Apply the exact test of paired differences that are whole numbers, with mid-p; of 0 and ±1 it is McNemar's.

    If two methods are equally good, each difference could as well have had the other sign. The distribution of the
    sum over all signs is found from its characteristic function, prod cos(d t), by one transform. With several seeds
    a difference is (seeds right in A) - (seeds right in B) of a clip; where groups are known, of a group.
    """
    sizes = np.abs(differences[differences != 0]).astype(int)
    if not len(sizes):
        return 1.0
    values, counts = np.unique(sizes, return_counts=True)
    if len(values) == 1:
        ups = int((differences > 0).sum())
        return mcnemar(ups, len(sizes) - ups)
    seen, variance = abs(int(differences.sum())), int((sizes**2).sum())
    if seen == 0:
        return 1.0
    if seen**2 > -2 * variance * np.log(TINY):  # Hoeffding's bound on the tail
        return TINY
    half = int(min(sizes.sum(), 9 * np.sqrt(variance))) + 1  # sums beyond 9 deviations have no chance worth counting
    length = fft.next_fast_len(2 * half + 1, real=True)
    angles = 2 * np.pi * np.arange(length // 2 + 1) / length
    characteristic = np.prod(np.cos(np.outer(values, angles)) ** counts[:, None], axis=0)
    chances = fft.irfft(characteristic, length)  # of a sum s, at index s mod length
    beyond = chances[seen + 1 : half + 1].sum() + chances[seen] / 2
    return float(np.clip(2 * beyond, TINY, 1.0))


def swap_test(signed: np.ndarray, observed: np.ndarray) -> np.ndarray:
    """Return p-values of all pairs, (M, M): how often chance alone makes a difference beyond the one observed.

    Chance swaps the two methods of each clip (or group) at even odds, which keeps every class its size. A difference
    equal to the observed one counts half. Where fewer than `FEW` are beyond, the tail is that of a normal distribution
    with the same spread, so that a p-value can pass Holm's correction for many pairs. The percentile bootstrap would
    do for large classes, but where a class has 5 clips it takes chance for a difference too often (docs/protocol.md).

    Args: scores with random signs (B, M), see `sign_uar`, and the observed ones (M,).
    """
    swapped = signed.astype(np.float64)
    p = np.ones((len(observed), len(observed)))
    for column in range(len(observed) - 1):
        seen = np.abs(observed[column] - observed[column + 1 :])
        null = np.abs(swapped[:, [column]] - swapped[:, column + 1 :])
        beyond = (null > seen + SLACK).sum(0) + 0.5 * (np.abs(null - seen) <= SLACK).sum(0)
        spread = np.sqrt((null**2).mean(0))
        tail = 2 * special.ndtr(-np.divide(seen, spread, out=np.zeros_like(seen), where=spread > 0))
        found = np.where(
            beyond < FEW,
            np.maximum(tail, TINY),
            beyond / len(swapped),
        )
        p[column, column + 1 :] = np.where(
            seen <= SLACK,
            1.0,
            found,
        )
    return np.minimum(p, p.T)


def holm(p: np.ndarray) -> np.ndarray:
    """Return Holm's adjusted p-values (Holm, "A simple sequentially rejective multiple test procedure", 1979)."""
    order = np.argsort(p)
    steps = p[order] * np.arange(
        len(p),
        0,
        -1,
    )
    adjusted = np.empty_like(p, dtype=float)
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return adjusted
