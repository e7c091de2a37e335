"""Reliability against a slow loop."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import softmax

from harness.core.metric import Predictions
from harness.statistics.calibration import BINS, reliability


def test_each_bin_counts_its_clips_their_confidence_and_those_right() -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(300, 4)).astype(np.float32)
    labels = rng.integers(4, size=300)
    found = reliability(Predictions(labels, logits, ("a", "b", "c", "d")))
    expected = np.zeros((BINS, 3))
    for row, label in zip(softmax(logits.astype(float), axis=1), labels, strict=True):
        place = next(k for k in range(BINS) if k / BINS < row.max() <= (k + 1) / BINS)
        expected[place] += (1, row.max(), row.argmax() == label)
    assert found.shape == (BINS, 3)
    assert found == pytest.approx(expected, abs=1e-4)
