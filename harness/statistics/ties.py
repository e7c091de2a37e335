"""Groups of methods that the test set cannot tell apart."""

from __future__ import annotations

import numpy as np

ALPHA = 0.05


def tie_groups(p: np.ndarray, alpha: float = ALPHA) -> list[int]:
    """Return the rank each of M methods shares with those it ties with.

    A group is led by its best method and holds those that follow until one is significantly worse than the leader;
    that one leads the next group. A rank is 1 plus the number of methods in better groups, as in 1, 1, 1, 4.

    Args: adjusted p-values (M, M), methods in order of their score, best first.
    """
    ranks: list[int] = []
    leader = 0
    for method in range(len(p)):
        if p[leader, method] < alpha and method != leader:
            leader = method
        ranks.append(leader + 1)
    return ranks
