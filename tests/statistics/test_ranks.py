"""Ranks against SciPy's."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy.stats import rankdata

from harness.statistics.ranks import rank_columns

SHAPES = arrays.array_shapes(min_dims=1, max_dims=2, max_side=6)


@given(arrays.arrays(float, SHAPES, elements=st.integers(0, 4).map(float)))
def test_ranks_are_those_of_scipy(values: np.ndarray) -> None:
    np.testing.assert_array_equal(rank_columns(values), rankdata(values, axis=-1))
