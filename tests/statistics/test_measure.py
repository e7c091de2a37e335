"""Intervals of rows: the spread of the bootstrap, but for what single precision makes of one that has none."""

from __future__ import annotations

import numpy as np

from harness.statistics.measure import _intervals, _Units
from harness.statistics.resample import percentiles


def test_an_interval_without_spread_is_the_value_itself() -> None:
    values = np.array([0.5, 0.7])
    flat = np.full(1000, 0.5 + 1e-8)
    spread = np.random.default_rng(0).normal(0.7, 0.05, 1000)
    bootstrap = np.stack([flat, spread], axis=1)
    ends = _intervals(values, bootstrap, _Units(np.eye(2), 100), [])
    assert ends[:, 0].tolist() == [0.5, 0.5]
    assert ends[:, 1].tolist() == percentiles(bootstrap)[:, 1].tolist()
    assert ends[0, 1] < 0.65 < 0.75 < ends[1, 1]
