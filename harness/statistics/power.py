"""What a test set and the trainings on it can show at all."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from harness.statistics.ties import ALPHA
from harness.statistics.trainings import Error

POWER = 0.8


def smallest_difference(
    errors: Sequence[Error],
    power: float = POWER,
    alpha: float = ALPHA,
) -> float:
    """Return the smallest true difference that a two-sided test finds with this power.

    That is (t_(1 - alpha/2) + t_power) x standard error, of the median pair seen, which stands for a new one. NaN
    without any.
    """
    if not len(errors):
        return float("nan")
    return float(np.median([error.size * (error.quantile(1 - alpha / 2) + error.quantile(power)) for error in errors]))


def covariance_of_units(worth: np.ndarray) -> np.ndarray:
    """Return the covariance (M, M) of the scores of M methods over units.

    Args: what each independent unit (clip or group) adds to the score of each method, (U, M); the score is the sum.
    """
    if len(worth) < 2:
        return np.zeros((worth.shape[1], worth.shape[1]))
    return np.atleast_2d(np.cov(worth, rowvar=False, ddof=1)) * len(worth)
