"""What a test set can show at all."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import special

POWER = 0.8
ALPHA = 0.05


def smallest_difference(
    errors: Sequence[float],
    power: float = POWER,
    alpha: float = ALPHA,
) -> float:
    """Return the smallest true difference that a two-sided test finds with this power: (z_alpha/2 + z_power) x standard
    error.

    Args: standard errors of the paired differences seen; their median stands for a new pair. NaN without any.
    """
    if not len(errors):
        return float("nan")
    reach = special.ndtri(1 - alpha / 2) + special.ndtri(power)
    return float(reach * np.median(errors))


def paired_errors(worth: np.ndarray) -> np.ndarray:
    """Return standard errors of the differences of all pairs of M methods, (M (M - 1) / 2,).

    Args: what each independent unit (clip or group) adds to the score of each method, (U, M); the score is the sum.
    """
    covariance = np.atleast_2d(np.cov(worth, rowvar=False, ddof=1)) * len(worth)
    spread = np.diag(covariance)
    variance = np.add.outer(spread, spread) - 2 * covariance
    return np.asarray(np.sqrt(np.maximum(variance[np.triu_indices(len(spread), 1)], 0)))
